"""Tests, laws: the provider wires that the laws are tried on, one short description each.

A description says how its upstream is started and configured, how a script of every wire becomes one of this
wire, what its vendor documents as errors, and how a conversation is read out of its requests. What a wire
cannot do, its tables leave out: no test is skipped.
"""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import orjson
from ringmain.v1.content_pb2 import Part
from ringmain_server.providers.anthropic.reasoning import signed
from ringmain_server.providers.openai.responses_state import packed

from tests.fakes.anthropic_rules import complaint as anthropic_complaint
from tests.fakes.anthropic_script import Claude, claude
from tests.fakes.anthropic_server import FakeAnthropic
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.script import Answer, Canned, FaultKind
from tests.fakes.vertex_rules import refusal as google_complaint
from tests.fakes.vertex_script import Status, question
from tests.fakes.vertex_server import FakeVertex
from tests.fakes.waiting import LIMIT
from tests.laws import documented, google, openai_rules, readers
from tests.laws.conversations import OWN, thought
from tests.laws.seen import Habits, Seen
from tests.laws.wire import (
    GRPC_FAULTS,
    HARMLESS,
    HTTP_FAULTS,
    KEY,
    STREAM_ONLY,
    Running,
    Script,
    Wire,
    over_http,
)


def _events(*events: Mapping[str, object], ends: bytes = b"") -> Canned:
    body = b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in events)
    return Canned(body=body + ends, content_type="text/event-stream")


class _OpenAI(Wire):
    """What both wires of OpenAI share."""

    kind = "openai"
    model = "gpt-4o-mini"
    errors = documented.OPENAI
    interleaves = True
    wire = ""

    @property
    def settings(self) -> Mapping[str, object]:
        return {"base_url": "http://127.0.0.1:1/v1", "api_key": KEY, "wire": self.wire}

    def start(self) -> AbstractAsyncContextManager[Running]:
        return over_http(FakeOpenAI(), "/v1", {"kind": "openai", "api_key": KEY, "wire": self.wire})

    def script(self, answer: Answer) -> Script:
        return answer


class OpenAIChat(_OpenAI):
    """Chat completions: reasoning cannot go back, calls stand beside the text."""

    name = "openai"
    wire = "chat"
    calls_in_place = False
    signs = False
    lacks = ("top_k",)
    harmless = HARMLESS | {FaultKind.NO_FINISH}  # the end mark ends it

    def read(self, sent: Any) -> Seen:
        return readers.chat(sent)

    def complaint(self, sent: Any) -> str | None:
        return openai_rules.chat_complaint(sent)

    def out_of_order(self) -> Mapping[str, Script]:
        def chunk(finish: str | None = None, **delta: object) -> Mapping[str, object]:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            return {"id": "c", "object": "chat.completion.chunk", "choices": [choice]}

        unnamed = {"index": 3, "function": {"arguments": "{}"}}
        done = b"data: [DONE]\n\n"
        return {
            "arguments-first": _events(chunk(tool_calls=[unnamed]), chunk("tool_calls"), ends=done),
            "done-first": _events(ends=done),
        }


class OpenAIResponses(_OpenAI):
    """Responses: a list of items."""

    name = "responses"
    wire = "responses"
    state = b"gAAAAA-fake"
    habits = Habits(media_moves=False)
    faults = HTTP_FAULTS - {FaultKind.NO_DONE}
    lacks = ("top_k", "seed", "stop", "frequency_penalty", "presence_penalty")

    def read(self, sent: Any) -> Seen:
        return readers.responses(sent)

    def complaint(self, sent: Any) -> str | None:
        return openai_rules.responses_complaint(sent)

    def sign(self, token: str) -> Part:
        state = packed({"type": "reasoning", "id": f"rs_{token}", "encrypted_content": token})
        return thought(token, OWN, state)

    def out_of_order(self) -> Mapping[str, Script]:
        def delta(number: int, kind: str = "output_text") -> Mapping[str, object]:
            place = {"output_index": 0, "content_index": 0, "item_id": "i"}
            return {"type": f"response.{kind}.delta", "sequence_number": number, "delta": "x", **place}

        end = {
            "type": "response.completed",
            "sequence_number": 9,
            "response": {"status": "completed", "output": []},
        }
        return {
            "lost": _events(delta(0), delta(2), {**end, "sequence_number": 3}),
            "swapped": _events(delta(1), delta(0), {**end, "sequence_number": 2}),
            "arguments-first": _events(delta(0, "function_call_arguments"), {**end, "sequence_number": 1}),
        }


class Anthropic(Wire):
    """The Messages wire."""

    name = "anthropic"
    kind = "anthropic"
    state = Claude().signature.encode()
    model = "claude-sonnet-4-5"
    habits = Habits(strips=True, files_as_text=False, parses=True)
    errors = documented.ANTHROPIC
    lacks = ("seed", "frequency_penalty", "presence_penalty")

    @property
    def settings(self) -> Mapping[str, object]:
        return {"base_url": "http://127.0.0.1:1", "api_key": KEY}

    def start(self) -> AbstractAsyncContextManager[Running]:
        return over_http(FakeAnthropic(), "", {"kind": "anthropic", "api_key": KEY})

    def script(self, answer: Answer) -> Script:
        found = claude(answer)
        return replace(found, stopped="max_tokens") if answer.finish_reason == "length" else found

    def sign(self, token: str) -> Part:
        return thought(token, OWN, signed(token))

    def read(self, sent: Any) -> Seen:
        return readers.anthropic(sent)

    def complaint(self, sent: Any) -> str | None:
        return anthropic_complaint(sent, "2026-10-21")

    def out_of_order(self) -> Mapping[str, Script]:
        text = {"type": "text", "text": ""}
        started = {"type": "message_start", "message": {"usage": {"input_tokens": 1, "output_tokens": 1}}}
        begun = {"type": "content_block_start", "index": 0, "content_block": text}
        delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}
        stopped = {"type": "content_block_stop", "index": 0}
        ending = (
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
            {"type": "message_stop"},
        )
        return {
            "delta-first": _events(started, delta, begun, stopped, *ending),
            "no-start": _events(begun, delta, stopped, *ending),
            "gap": _events(started, {**begun, "index": 2}, *ending),
            "after-the-end": _events(started, begun, stopped, delta, *ending),
            "never-stopped": _events(started, begun, delta, *ending),
        }


class _Google(Wire):
    """What both wires of Google share."""

    model = "gemini-2.5-flash"
    state = base64.b64decode(google.SIGNATURE)
    habits = Habits(media_moves=False, parses=True)
    errors = documented.GOOGLE
    media_in_results = False

    def sign(self, token: str) -> Part:
        return thought(token, OWN, token.encode())

    def read(self, sent: Any) -> Seen:
        return readers.google(sent)

    def check_knobs(self, sent: Any) -> None:
        """Google has every knob."""

    def complaint(self, sent: Any) -> str | None:
        return google_complaint(sent, {"x-goog-request-params": f"model={sent.model}"})

    def raw(self, sent: Any) -> bytes:
        found: bytes = sent.SerializeToString()
        return found


class Vertex(_Google):
    """Gemini over gRPC."""

    name = "vertex"
    kind = "vertex"
    faults = GRPC_FAULTS
    stream_only = STREAM_ONLY | {FaultKind.STALL}

    @property
    def settings(self) -> Mapping[str, object]:
        return {"endpoint": "127.0.0.1:1", "insecure": True, "project": "p", "location": "us-central1"}

    @asynccontextmanager
    async def start(self) -> AsyncIterator[Running]:
        async with FakeVertex() as fake:
            yield Running(
                settings={"kind": "vertex", **self.settings, "endpoint": fake.endpoint},
                plays=lambda model, script: fake.models.update({model: cast("Any", script)}),
                sent=lambda: fake.requests[-1].message,
                left=lambda: fake.requests[-1].ended(within=LIMIT),
                arrived=fake.received,
                count=lambda: len(fake.requests),
                address=fake.endpoint,
            )

    def script(self, answer: Answer) -> Script:
        return cast("Script", google.over_grpc(answer))

    def unheard_of(self) -> Script:
        found = google.over_grpc(Answer())
        # Field 999 with the text "?": protobuf keeps what it does not know, and so must we not mind it.
        unknown = bytes((0xBA, 0x3E, 1, 0x3F))
        messages = [type(one).FromString(one.SerializeToString() + unknown) for one in found.messages]
        return cast("Script", replace(found, messages=messages))

    def essence(self, sent: Any) -> Any:
        return sent.message


class Gemini3(Vertex):
    """A model of the newer generation: media within results, calls that must be signed."""

    name = "gemini-3"
    model = "gemini-3-pro"
    media_in_results = True


class Gemini(_Google):
    """Gemini over HTTP."""

    name = "gemini"
    kind = "gemini"
    faults = HTTP_FAULTS - {FaultKind.NO_DONE, FaultKind.NO_FINISH, FaultKind.DUPLICATE_FINISH}

    @property
    def settings(self) -> Mapping[str, object]:
        return {"base_url": "http://127.0.0.1:1", "api_key": KEY}

    def start(self) -> AbstractAsyncContextManager[Running]:
        return over_http(google.GeminiUpstream(), "", {"kind": "gemini", "api_key": KEY})

    def script(self, answer: Answer) -> Script:
        return answer

    def refusal(self, script: Canned | Status) -> Script:
        return google.over_http(script) if isinstance(script, Status) else script

    def essence(self, sent: Any) -> Any:
        path = sent.path.rpartition(":")[0].removeprefix("/")
        resource = f"projects/p/locations/global/publishers/google/{path}"
        return question({**sent.body, "model": resource})

    def received(self, sent: Any) -> Any:
        return question(sent)


class Sandbox(Wire):
    """The sandbox has no network, and its models' names are its scripts. It takes ids of any length."""

    name = "sandbox"
    kind = "sandbox"
    model = "chat"
    calls_in_place = False
    signs = False
    faults = frozenset()

    @property
    def settings(self) -> Mapping[str, object]:
        return {}

    def start(self) -> AbstractAsyncContextManager[Running]:
        raise NotImplementedError

    def script(self, answer: Answer) -> Script:
        raise NotImplementedError

    def read(self, sent: Any) -> Seen:
        return readers.chat(sent)

    def complaint(self, sent: Any) -> str | None:
        return openai_rules.chat_complaint(sent, longest=1000)


SCRIPTED: tuple[Wire, ...] = (OpenAIChat(), OpenAIResponses(), Anthropic(), Vertex(), Gemini())
"""Wires with an upstream."""
WIRES: tuple[Wire, ...] = (*SCRIPTED, Gemini3(), Sandbox())
"""Every wire that conversations are written for."""
