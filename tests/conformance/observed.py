"""Conformance: a driver's answer as plain values that can be compared. Pure.

Streams are folded, so that a streamed and a whole answer look alike. Nothing that is empty is there:

    status, message, kind, reason, retry_delay_ms, violations, metadata     as the driver tells them
    message_count                 how many messages came
    text, reasoning, json         of the answer; `json` where the text is JSON
    text_length                   in characters
    parts                         the kind of each
    reasoning_signed              whether the reasoning has a signature
    signed_parts                  how many parts have one, of any kind
    tool_calls                    id, name and arguments, parsed
    provider_tool_calls           the same, and result_count and whether it failed
    sources                       uri, title, filename and page_number of each
    logprobs                      the tokens that have one
    media                         as `images`
    finish_reason                 without its prefix
    usage                         by the contract's names
    provider, provider_model      that answered
    attempts                      of each attempt, the reason why it failed, or OK
    largest_piece                 the most bytes of a medium that one event of a stream had
    last_event                    the kind of a stream's last event
    finished                      whether a stream came to its end
    images                        mime_type, byte_count, width, height (of PNG) and revised_prompt
    previews                      how many
    input_token_count             of CountTokens
    models                        names
    vectors                       the length of each
    version, contract_version, services, capabilities, max_message_bytes     of the server
"""

import base64
import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from ringmain import Fold
from ringmain.answer import Answer, ProviderToolCall
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatResponse, CountTokensResponse
from ringmain.v1.content_pb2 import Citation, Media
from ringmain.v1.embedding_service_pb2 import EmbedResponse
from ringmain.v1.generation_pb2 import FinishReason
from ringmain.v1.image_service_pb2 import GenerateImagesResponse, ImageEvent
from ringmain.v1.model_service_pb2 import Capability, GetServerInfoResponse, ListModelsResponse
from ringmain.v1.routing_pb2 import Route
from ringmain.v1.usage_pb2 import Usage

from tests.conformance.expand import METHODS
from tests.conformance.matching import differences

_TOLD = ("status", "message", "kind", "reason", "retry_delay_ms", "violations", "metadata")


def observed(method: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """What a driver's answer says.

    Args:
        method: That was called.
        answer: The line that the driver wrote, parsed.

    Raises:
        DecodeError: A response is not of this method.
    """
    messages = _messages(method, answer)
    told = {name: answer[name] for name in _TOLD if answer.get(name) not in (None, "", [], {})}
    return {**told, "message_count": len(messages), **_seen(messages)}


def answered(method: str, answer: Mapping[str, Any]) -> ChatResponse:
    """The answer of a chat: the whole one, or what its events fold into."""
    match _messages(method, answer):
        case [ChatResponse() as response]:
            return response
        case messages:
            return _fold(_events(messages)).answer().proto


def misread(method: str, answer: Mapping[str, Any]) -> Iterator[str]:
    """Says where the driver's helper made something else of a chat than was sent, one sentence each.

    Args:
        method: That was called.
        answer: The line that the driver wrote, parsed.
    """
    kind = METHODS[method][2]
    if kind is ChatEvent:
        yield from _misfolded(answered(method, answer), answer.get("folded"))
    if kind is ChatEvent or (kind is ChatResponse and answer["responses"]):
        yield from differences(_read(Answer(answered(method, answer))), answer.get("read"), "read")


def _misfolded(ours: ChatResponse, folded: str | None) -> Iterator[str]:
    theirs = ChatResponse.FromString(base64.b64decode(folded or ""))
    if ours == theirs:
        return
    wanted, found = (MessageToDict(one, preserving_proto_field_name=True) for one in (ours, theirs))
    told = list(differences(wanted, found, "folded"))
    yield from told or ["folded has more than the events"]


def _read(answer: Answer) -> dict[str, Any]:
    return {
        "text": answer.text,
        "sources": [source.uri or source.filename for source in answer.sources],
        "tool_calls": [call.id for call in answer.tool_calls],
        "provider_tool_calls": [call.id for call in answer.provider_tool_calls],
        "must_continue": answer.must_continue,
    }


def _messages(method: str, answer: Mapping[str, Any]) -> list[Message]:
    kind = METHODS[method][2]
    return [kind.FromString(base64.b64decode(data)) for data in answer["responses"]]


def _seen(messages: Sequence[Message]) -> dict[str, Any]:
    match messages:
        case [ChatEvent(), *_]:
            return _streamed(_events(messages))
        case [ImageEvent(), *_]:
            return _drawn([event for event in messages if isinstance(event, ImageEvent)])
        case [ChatResponse() as response]:
            return _answered(Answer(response))
        case [GenerateImagesResponse() as response]:
            images = [_image(made.media, made.revised_prompt) for made in response.images]
            return {"images": images, **_account(response.usage, response.route)}
        case [CountTokensResponse() as response]:
            return {"input_token_count": response.input_token_count}
        case [EmbedResponse() as response]:
            return {"vectors": [len(vector.values) for vector in response.embeddings]}
        case [ListModelsResponse(), *_]:
            pages = [page for page in messages if isinstance(page, ListModelsResponse)]
            return {"models": [model.model for page in pages for model in page.models]}
        case [GetServerInfoResponse() as response]:
            return _server(response)
    return {}


def _server(response: GetServerInfoResponse) -> dict[str, Any]:
    return {
        "version": response.version,
        "contract_version": response.contract_version,
        "services": list(response.services),
        "capabilities": [Capability.Name(one).removeprefix("CAPABILITY_") for one in response.capabilities],
        "max_message_bytes": response.limits.max_message_bytes,
    }


# --- chat ------------------------------------------------------------------------------------------------


def _streamed(events: Sequence[ChatEvent]) -> dict[str, Any]:
    fold = _fold(events)
    seen = _answered(fold.answer())
    if largest := max(map(_piece, events)):
        seen["largest_piece"] = largest
    return {**seen, "last_event": events[-1].WhichOneof("event"), "finished": fold.finished}


def _fold(events: Sequence[ChatEvent]) -> Fold:
    fold = Fold()
    for event in events:
        fold.add(event)
    return fold


def _events(messages: Sequence[Message]) -> list[ChatEvent]:
    return [event for event in messages if isinstance(event, ChatEvent)]


def _piece(event: ChatEvent) -> int:
    return len(event.part_delta.data) + len(event.part_started.part.media.data)


def _answered(answer: Answer) -> dict[str, Any]:
    calls = [_tool_call(call.id, call.name, call.arguments_json) for call in answer.tool_calls]
    signed = [part for part in answer.message.parts if part.signature]
    seen = {
        **_text(answer.text),
        "reasoning": answer.reasoning,
        "parts": [part.WhichOneof("content") for part in answer.message.parts],
        "reasoning_signed": any(part.HasField("reasoning") for part in signed),
        "signed_parts": len(signed),
        "tool_calls": calls,
        "provider_tool_calls": [_provider_tool_call(call) for call in answer.provider_tool_calls],
        "sources": [_source(source) for source in answer.sources],
        "logprobs": [one.token for one in answer.logprobs],
        "media": [_image(media, "") for media in answer.media],
        "finish_reason": _finish_reason(answer.proto.finish_reason),
        **_account(answer.usage, answer.route),
    }
    return _present(seen)


def _tool_call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": call_id, "name": name, "arguments": _json(arguments).get("json", arguments)}


def _provider_tool_call(call: ProviderToolCall) -> dict[str, Any]:
    asked = _tool_call(call.id, call.name, call.arguments_json)
    return _present({**asked, "result_count": len(call.results), "failed": call.failed})


def _source(source: Citation) -> dict[str, Any]:
    fields = ("uri", "title", "filename", "page_number")
    return _present({name: getattr(source, name) for name in fields})


def _text(text: str) -> dict[str, Any]:
    return {"text": text, "text_length": len(text), **_json(text)} if text else {}


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return {"json": value}


def _finish_reason(number: int) -> str:
    name = FinishReason.DESCRIPTOR.values_by_number[number].name.removeprefix("FINISH_REASON_")
    return "" if name == "UNSPECIFIED" else name


# --- pictures --------------------------------------------------------------------------------------------


def _drawn(events: Sequence[ImageEvent]) -> dict[str, Any]:
    pieces: dict[int, bytearray] = {}
    kinds: dict[int, str] = {}
    for event in events:
        if event.HasField("chunk"):
            pieces.setdefault(event.chunk.image_index, bytearray()).extend(event.chunk.data)
            kinds[event.chunk.image_index] = event.chunk.mime_type or kinds.get(event.chunk.image_index, "")
    last = events[-1]
    prompts = {image.image_index: image.revised_prompt for image in last.finished.images}
    images = [
        _image(Media(mime_type=kinds[index], data=bytes(pieces[index])), prompts.get(index, ""))
        for index in sorted(pieces)
    ]
    return {
        "images": images,
        "previews": sum(event.HasField("preview") for event in events),
        "last_event": last.WhichOneof("event"),
        "finished": last.HasField("finished"),
        **_account(last.finished.usage, last.finished.route),
    }


def _image(media: Media, revised_prompt: str) -> dict[str, Any]:
    seen: dict[str, Any] = {"mime_type": media.mime_type, "byte_count": len(media.data)}
    if media.data[12:16] == b"IHDR":
        seen["width"], seen["height"] = struct.unpack(">II", media.data[16:24])
    return _present({**seen, "revised_prompt": revised_prompt})


# --- what every answer has -------------------------------------------------------------------------------


def _account(usage: Usage, route: Route) -> dict[str, Any]:
    counts = MessageToDict(usage, preserving_proto_field_name=True)
    return {
        "usage": {name: _count(value) for name, value in counts.items()},
        "provider": route.provider_id,
        "provider_model": route.provider_model,
        "attempts": list(_attempts(route)),
    }


def _count(value: str | bool) -> str | int | bool:
    """Returns a number of 64 bits as a number, and anything else, such as a duration, as it is."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _attempts(route: Route) -> Iterator[str]:
    for attempt in route.attempts:
        if not attempt.HasField("error"):
            yield "OK"
            continue
        info = ErrorInfo()
        found = any(detail.Unpack(info) for detail in attempt.error.details)
        yield info.reason if found else str(attempt.error.code)


def _present(seen: Mapping[str, Any], empty: Iterable[Any] = ("", [], 0)) -> dict[str, Any]:
    return {name: value for name, value in seen.items() if value not in empty}
