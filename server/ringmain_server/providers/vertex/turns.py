"""Room 4, pure: arranges a conversation as this wire requires it.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference: contents have the role `user`
or `model`, and there is one separate system instruction. Therefore:

* The system messages that open a conversation are its instruction, or text of the user for models without
  one (`Knobs.system_role`). A later one keeps its place, as text of the user between `<system>` tags.
* Adjacent messages of one role become one content. The results of a turn's calls form a content of their own
  right behind it, in the order of the calls: models without ids so distinguish two calls of one function
  (https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling). Each result names its
  function, which is that of the call it answers, and has its id (`ids.py`).
* The wire refuses empty texts, so they are left out.
* A signature goes back in the part that it came in, and only to the provider that made it
  (https://cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures). Reasoning without one is of no
  use to the wire. Since Gemini 3, a turn's first call must have one; a call that another provider made, or
  that came without one, gets the placeholder that Google documents.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_SYSTEM, Message, Part, ToolResult

from ringmain_server.catalog.knobs import Knobs
from ringmain_server.errors import InvalidField
from ringmain_server.providers.foreign import is_foreign
from ringmain_server.providers.tool_pairs import paired
from ringmain_server.providers.vertex import exact, ids, media, provider_tools, values, wire
from ringmain_server.providers.vertex.provider_tools import Placed

OPENING = "(The conversation begins.)"
"""A user's turn in front of a conversation that begins with the model, which the wire refuses."""
GO_ON = "(Go on.)"
"""A user's turn behind a conversation that ends with the model, for models that refuse that."""

UNSIGNED = b"skip_thought_signature_validator"
"""The provider's placeholder for a call that another model made, or that came without a signature."""

_USER, _MODEL = "user", "model"
_IN_RESULTS = ("image/", "application/pdf")
"""Media types that results may hold, for models whose results may hold media."""

Target = wire.GenerateContentRequest | wire.CountTokensRequest


@dataclass(slots=True)
class _Turn:
    """One turn: a role, the results of tools by the order of their calls, and everything else."""

    role: str
    results: list[tuple[int, wire.Part]] = field(default_factory=list)
    parts: list[wire.Part] = field(default_factory=list)


def write(
    target: Target, messages: Sequence[Message], provider_id: str, knobs: Knobs, *, carry: bool
) -> None:
    """Writes a conversation into a request.

    Args:
        target: The request.
        messages: The contract's messages.
        provider_id: The provider that is asked; what only another provider can read is left out.
        knobs: The model's knobs.
        carry: Whether what the messages of Vertex AI lack is carried (`provider_tools.CARRIER`, `exact`).

    Raises:
        MediaInvalid: This wire cannot carry a part.
        InvalidField: Nothing is left to answer, or a result answers no call.
    """
    # Where a model has no instruction of its own, the user says it.
    opening = 0 if knobs.system_role == "user" else _opening(messages)
    for message in messages[:opening]:
        for part in message.parts:
            if part.text:
                target.system_instruction.parts.add(text=part.text)
    conversation = _ContentWriter(provider_id, knobs, carry=carry)
    for index, message in paired(messages[opening:]):
        conversation.add(message, f"messages[{index + opening}]")
    turns = conversation.finish()
    if not turns:
        raise InvalidField.at("messages", "holds nothing to answer: this provider takes no empty text")
    for turn in turns:
        _write_turn(target, turn)


def _opening(messages: Sequence[Message]) -> int:
    """Returns how many messages form the instruction; the last message never belongs to it."""
    count = 0
    while count < len(messages) - 1 and messages[count].role == ROLE_SYSTEM:
        count += 1
    return count


def _write_turn(target: Target, turn: _Turn) -> None:
    if turn.results:
        ordered = sorted(turn.results, key=lambda result: result[0])
        target.contents.add(role=turn.role).parts.extend(part for _, part in ordered)
    if turn.parts:
        target.contents.add(role=turn.role).parts.extend(turn.parts)


class _ContentWriter:
    """Collects turns, message by message."""

    __slots__ = ("_calls", "_carry", "_knobs", "_provider_id", "_turns")

    def __init__(self, provider_id: str, knobs: Knobs, *, carry: bool) -> None:
        self._provider_id = provider_id
        self._carry = carry
        self._knobs = knobs
        self._turns: list[_Turn] = []
        self._calls: dict[str, tuple[int, str]] = {}

    def add(self, message: Message, path: str) -> None:
        if message.role == ROLE_ASSISTANT:
            self._turn(_MODEL).parts += self._model_parts(message.parts, path)
            return
        turn = self._turn(_USER)
        for index, part in enumerate(message.parts):
            here = f"{path}.parts[{index}]"
            match part.WhichOneof("content"):
                case "text" if part.text:
                    turn.parts.append(self._user_text(part.text, turn, system=message.role == ROLE_SYSTEM))
                case "media":
                    turn.parts.append(self._media(part, f"{here}.media"))
                case "tool_result":
                    self._result(turn, part.tool_result, f"{here}.tool_result")

    def finish(self) -> list[_Turn]:
        """Returns the turns that are not empty, merged where the role repeats, beginning with the user's."""
        turns = _merged(turn for turn in self._turns if turn.results or turn.parts)
        if turns and turns[0].role == _MODEL:
            turns.insert(0, _Turn(_USER, parts=[wire.Part(text=OPENING)]))
        if turns and turns[-1].role == _MODEL and not self._knobs.assistant_last:
            turns.append(_Turn(_USER, parts=[wire.Part(text=GO_ON)]))
        if self._knobs.signed_calls:
            for turn in turns:
                _sign(turn)
        return turns

    def _turn(self, role: str) -> _Turn:
        if not self._turns or self._turns[-1].role != role:
            self._turns.append(_Turn(role))
        return self._turns[-1]

    def _user_text(self, text: str, turn: _Turn, *, system: bool) -> wire.Part:
        # If all messages are system messages, the last one is the question, without tags.
        tagged = system and (len(self._turns) > 1 or bool(turn.parts))
        return wire.Part(text=f"<system>\n{text}\n</system>" if tagged else text)

    def _media(self, found: Part, path: str) -> wire.Part:
        detail = found.image_detail if self._knobs.media_resolution else 0
        return media.part(found.media, path, detail)

    def _model_parts(self, parts: Iterable[Part], path: str) -> list[wire.Part]:
        found: list[wire.Part] = []
        later: list[Placed] = []
        for index, part in enumerate(parts):
            if part.HasField("provider_tool_call"):
                later += self._provider_tool(part, index)
            else:
                found += self._model_part(part, f"{path}.parts[{index}]")
            # The results of a tool come where they came in the answer, which may be behind other parts.
            if later:
                found += _in_order(one for one in later if one[0] <= index)
                later = [one for one in later if one[0] > index]
        return [*found, *_in_order(later)]

    def _model_part(self, part: Part, path: str) -> Iterator[wire.Part]:
        signature = part.signature
        if signature and is_foreign(part, self._provider_id):
            signature = b""
        match part.WhichOneof("content"):
            case "text" if part.text or signature:
                yield wire.Part(text=part.text, thought_signature=signature)
            case "media":
                medium = self._media(part, f"{path}.media")
                medium.thought_signature = signature
                yield medium
            case "tool_call":
                call = wire.Part(function_call={"name": part.tool_call.name}, thought_signature=signature)
                arguments = values.arguments(part.tool_call.arguments_json)
                values.fill(call.function_call.args, arguments)
                if self._carry:
                    exact.keep(call.function_call, arguments)
                ids.give(call.function_call, part.tool_call.tool_call_id)
                # Results name their function and follow the order of the calls, for models without ids.
                self._calls[part.tool_call.tool_call_id] = (len(self._calls), part.tool_call.name)
                yield call
            case "reasoning" if signature:
                yield wire.Part(text=part.reasoning.text, thought=True, thought_signature=signature)

    def _provider_tool(self, part: Part, index: int) -> list[Placed]:
        """Returns the parts of a tool that the provider ran, with their places."""
        if is_foreign(part, self._provider_id):
            return []
        return provider_tools.sent_back(part.signature, index, carry=self._carry)

    def _result(self, turn: _Turn, result: ToolResult, path: str) -> None:
        known = self._calls.get(result.tool_call_id)
        if known is None:
            raise InvalidField.at(f"{path}.tool_call_id", "answers no tool call of an earlier message")
        ordinal, name = known
        part = wire.Part(function_response={"name": name})
        ids.give(part.function_response, result.tool_call_id)
        texts: list[str] = []
        outside: list[wire.Part] = []
        for index, inner in enumerate(result.parts):
            if inner.WhichOneof("content") == "text":
                texts.append(inner.text)
                continue
            found = self._media(inner, f"{path}.parts[{index}].media")
            if found.text:
                texts.append(found.text)
            elif self._knobs.media_results and _mime_type(found).startswith(_IN_RESULTS):
                part.function_response.parts.append(_inside(found))
            else:
                outside.append(found)
        if outside:
            texts.append("[The media of this result follows.]")
            marker = wire.Part(text=f"[Media of tool result {result.tool_call_id}:]")
            turn.parts += [marker, *outside]
        # https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/function-calling#functionresponse
        key = "error" if result.failed else "output"
        content = texts[0] if len(texts) == 1 else texts
        values.fill(part.function_response.response, {key: content or ""})
        turn.results.append((ordinal, part))


def _in_order(placed: Iterable[Placed]) -> list[wire.Part]:
    return [part for _, _, part in sorted(placed, key=lambda one: one[:2])]


def _sign(turn: _Turn) -> None:
    """Marks the first call of a turn as unsigned if it has no signature; other calls need none."""
    for part in turn.parts:
        if part.WhichOneof("data") == "function_call":
            part.thought_signature = part.thought_signature or UNSIGNED
            return


def _merged(turns: Iterable[_Turn]) -> list[_Turn]:
    merged: list[_Turn] = []
    for turn in turns:
        if merged and merged[-1].role == turn.role:
            merged[-1].results += turn.results
            merged[-1].parts += turn.parts
        else:
            merged.append(turn)
    return merged


def _mime_type(part: wire.Part) -> str:
    return part.inline_data.mime_type or part.file_data.mime_type


def _inside(part: wire.Part) -> wire.FunctionResponsePart:
    """Returns a medium within a result, whose parts have another type with the same fields."""
    if part.WhichOneof("data") == "file_data":
        uri = {"mime_type": part.file_data.mime_type, "file_uri": part.file_data.file_uri}
        return wire.FunctionResponsePart(file_data=uri)
    data = {"mime_type": part.inline_data.mime_type, "data": part.inline_data.data}
    return wire.FunctionResponsePart(inline_data=data)
