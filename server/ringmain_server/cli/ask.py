"""Command line: asks one question and shows the answer as it comes, with a summary below."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.json_format import MessageToJson
from ringmain import Answer, ChatOptions, Client, Delta
from ringmain.v1.content_pb2 import Message

from ringmain_server.cli.screen import Screen
from ringmain_server.cli.summary import summary


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

    def stream(self, turns: Sequence[Message], model: str) -> Answer:
        """Shows the answer as it is written. Ctrl-C leaves it, which cancels the call."""
        began, first = time.perf_counter(), None
        try:
            with self.client.stream(turns, **self._with(model)) as stream:
                for delta in stream:
                    first = first or time.perf_counter() - began
                    self._show(delta)
        finally:
            self.screen.end_line()
        self._below(stream.answer, began, first)
        return stream.answer

    def whole(self, turns: Sequence[Message], model: str) -> Answer:
        """Shows the answer when it is complete."""
        began = time.perf_counter()
        answer = self.client.chat(turns, **self._with(model))
        self.screen.write(answer.text)
        self._below(answer, began, None)
        return answer

    def events(self, turns: Sequence[Message], model: str) -> None:
        """Writes the events of the contract as lines of JSON, and nothing else."""
        with self.client.stream(turns, **self._with(model)) as stream:
            for event in stream.events():
                text = MessageToJson(event, preserving_proto_field_name=True, indent=None)
                self.screen.line(text)

    def _with(self, model: str) -> ChatOptions:
        return {**self.options, "model": model}

    def _show(self, delta: Delta) -> None:
        if delta.discarded:
            self.screen.note("the answer broke off and begins again")
        if delta.reasoning:
            self.screen.thought(delta.reasoning)
        self.screen.write(delta.text)

    def _below(self, answer: Answer, began: float, first: float | None) -> None:
        for call in answer.tool_calls:
            self.screen.note(f"asks for the tool {call.name}({call.arguments_json})")
        total = time.perf_counter() - began
        self.screen.note(summary(answer, first=first, total=total))
