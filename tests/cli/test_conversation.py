"""The interactive conversation, with a scripted person and a scripted gateway."""

from collections.abc import Callable, Sequence

import grpc
import pytest
from ringmain import Client, image, user
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import Message
from ringmain.v1.generation_pb2 import FINISH_REASON_PAUSED
from ringmain_server.cli.ask import Asker
from ringmain_server.cli.conversation import HELP, Conversation
from ringmain_server.cli.diagnosis import Target
from ringmain_server.cli.screen import Screen
from ringmain_server.cli.tls import Tls

from tests.client.gateway import Gateway, Step, fails, hangs, streams
from tests.client.samples import events_of
from tests.fakes.waiting import LIMIT

Line = str | type[BaseException]
Talk = Callable[..., tuple[list[ChatRequest], str, str]]


class Impatient(Screen):
    """A screen before which somebody presses Ctrl-C as soon as there is something to read."""

    def write(self, text: str) -> None:
        super().write(text)
        if text == "half":
            raise KeyboardInterrupt


@pytest.fixture
def talk(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> Talk:
    """Lets a person type lines, or press keys, until the conversation ends."""

    def run(
        lines: Sequence[Line], *steps: Step, screen: Screen | None = None
    ) -> tuple[list[ChatRequest], str, str]:
        typed = iter(lines)

        def read(prompt: str) -> str:
            line = next(typed)
            if isinstance(line, str):
                return line
            raise line

        gateway.script(*steps)
        with Client(gateway.target) as client:
            asker = Asker(client, screen or Screen(), {})
            Conversation(asker, Target(gateway.target, Tls()), "m", read, _opening).run()
        assert list(typed) == [], "the conversation ended before the person was done"
        requests = [request for request in gateway.requests if isinstance(request, ChatRequest)]
        return requests, *capsys.readouterr()

    return run


def _opening(line: str) -> Message:
    return user(line, image(b"\x89PNG"))


def test_remembers_what_was_said(talk: Talk) -> None:
    """Each question carries the earlier turns, and the files only in the first."""
    requests, out, _ = talk(
        ["One", "", "Two", EOFError], streams(*events_of(["1"])), streams(*events_of(["2"]))
    )
    said = [[part.text for message in r.messages for part in message.parts] for r in requests]
    assert said == [["One", ""], ["One", "", "1", "Two"]]
    assert out == "1\n2\n\n"


def test_remembers_every_message_of_a_paused_turn(talk: Talk) -> None:
    """A turn that the provider paused is kept with all of its messages."""
    events = events_of(["half"])
    events[-1].finished.finish_reason = FINISH_REASON_PAUSED
    requests, _, _ = talk(
        ["One", "Two", EOFError],
        streams(*events),
        streams(*events_of(["done"])),
        streams(*events_of(["2"])),
    )
    said = [[part.text for message in r.messages[1:] for part in message.parts] for r in requests]
    assert said == [[], ["half"], ["half", "done", "Two"]]


def test_commands(talk: Talk) -> None:
    """`/model` changes the model, `/reset` forgets, anything unknown helps, `/exit` leaves."""
    requests, _, err = talk(
        ["One", "/model other", "/model", "/reset", "/what", "Two", "/exit"],
        streams(*events_of(["1"])),
        streams(*events_of(["2"])),
    )
    assert [(r.model, len(r.messages)) for r in requests] == [("m", 1), ("other", 1)]
    assert err.count(HELP) == 2
    assert "forgotten" in err


def test_failure_goes_on(talk: Talk) -> None:
    """A failed answer is a line, and its question is not part of what was said."""
    requests, _, err = talk(
        ["One", "Two", "/quit"],
        fails(grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND"),
        streams(*events_of(["2"])),
    )
    assert [len(r.messages) for r in requests] == [1, 1]
    assert "error: MODEL_NOT_FOUND: it is NOT_FOUND" in err


def test_second_interrupt_leaves(talk: Talk) -> None:
    """Ctrl-C at the prompt warns once, forgets the warning after a line, and twice leaves."""
    _, _, err = talk([KeyboardInterrupt, "/model x", KeyboardInterrupt, KeyboardInterrupt])
    assert err.count("Ctrl-C again or Ctrl-D leaves") == 2


def test_interrupt_cancels_the_answer(talk: Talk, gateway: Gateway) -> None:
    """Ctrl-C in an answer cancels the call; the next one at the prompt leaves."""
    events = events_of(["half", "more"])[:3]
    _, out, err = talk(["One", KeyboardInterrupt], hangs(*events), screen=Impatient())
    assert out == "half\n\n"
    assert "cancelled; the question is forgotten" in err
    assert gateway.ended.wait(timeout=LIMIT)
