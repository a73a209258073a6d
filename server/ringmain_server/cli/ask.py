"""Command line: asks one question and shows the answer as it comes, with a summary below."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from google.protobuf.json_format import MessageToJson
from ringmain import Answer, ChatOptions, Client, Delta
from ringmain.v1.content_pb2 import Message

from ringmain_server.cli.screen import Screen
from ringmain_server.cli.summary import about, summary

_MOST_PAUSES: Final = 20


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks questions and shows answers.

    Attributes:
        client: A client of the gateway.
        screen: Shows the answer.
        options: Options of the requests, without the model.
    """

    client: Client
    screen: Screen
    options: ChatOptions

    def stream(self, turns: Sequence[Message], model: str) -> list[Message]:
        """Shows the answer as it is written, and returns its messages: several if the provider paused.

        Ctrl-C leaves it, which cancels the call.
        """
        return _until_complete(turns, lambda asked: self._stream(asked, model))

    def whole(self, turns: Sequence[Message], model: str) -> list[Message]:
        """Shows the answer when it is complete, and returns its messages: several if the provider paused."""
        return _until_complete(turns, lambda asked: self._whole(asked, model))

    def events(self, turns: Sequence[Message], model: str) -> None:
        """Writes the events of one call as lines of JSON, as the contract has them, and nothing else."""
        with self.client.stream(turns, **self._with(model)) as stream:
            for event in stream.events():
                text = MessageToJson(event, preserving_proto_field_name=True, indent=None)
                self.screen.line(text)

    def _stream(self, turns: Sequence[Message], model: str) -> Answer:
        began, first, running = time.perf_counter(), None, ""
        try:
            with self.client.stream(turns, **self._with(model)) as stream:
                for delta in stream:
                    first = first or time.perf_counter() - began
                    call = delta.provider_tool_call
                    if call is not None and call.tool_call_id != running:
                        running = call.tool_call_id
                        self.screen.step(f"runs {call.name}")
                    self._show(delta)
        finally:
            self.screen.end_line()
        self._below(stream.answer, began, first)
        return stream.answer

    def _whole(self, turns: Sequence[Message], model: str) -> Answer:
        began = time.perf_counter()
        answer = self.client.chat(turns, **self._with(model))
        self.screen.write(answer.text)
        self._below(answer, began, None)
        return answer

    def _with(self, model: str) -> ChatOptions:
        return {**self.options, "model": model}

    def _show(self, delta: Delta) -> None:
        if delta.discarded:
            self.screen.note("the answer broke off and begins again")
        if delta.reasoning:
            self.screen.thought(delta.reasoning)
        self.screen.write(delta.text)

    def _below(self, answer: Answer, began: float, first: float | None) -> None:
        for line in about(answer):
            self.screen.note(line)
        total = time.perf_counter() - began
        self.screen.note(summary(answer, first=first, total=total))


def _until_complete(turns: Sequence[Message], ask: Callable[[Sequence[Message]], Answer]) -> list[Message]:
    """Asks again, with what came at the end of the conversation, for as long as the provider pauses."""
    answered: list[Message] = []
    for _ in range(_MOST_PAUSES):
        answer = ask([*turns, *answered])
        answered.append(answer.message)
        if answer.finish_reason != "paused":
            break
    return answered
