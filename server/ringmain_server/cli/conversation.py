"""Command line: an interactive conversation."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from ringmain import RingmainError, user
from ringmain.v1.content_pb2 import Message

from ringmain_server.cli.ask import Asker
from ringmain_server.cli.diagnosis import Target
from ringmain_server.cli.failures import of_call

HELP: Final = "/model NAME asks another model, /reset forgets what was said, /exit leaves"


@dataclass(slots=True)
class Conversation:
    """Questions and answers until the user leaves.

    Attributes:
        asker: Asks questions and shows answers.
        target: The gateway's address and TLS, for messages.
        model: The model that answers; `/model` changes it.
        read: Shows a prompt and returns the line typed; raises EOFError at the end.
        opening: Makes the first turn from a line, with the files that the user named.
        turns: The conversation so far.
    """

    asker: Asker
    target: Target
    model: str
    read: Callable[[str], str]
    opening: Callable[[str], Message]
    turns: list[Message] = field(default_factory=list)
    # Counts Ctrl-C: one cancels the answer, or the line being typed; two in a row leave.
    _interrupts: int = 0

    def run(self) -> None:
        """Talks until `/exit`, Ctrl-D, or the second Ctrl-C in a row."""
        self.asker.screen.note(f"{self.model} · {HELP}")
        while (line := self._line()) is not None:
            if line.startswith("/"):
                if not self._command(line):
                    return
            elif line:
                self._answer(line)

    def _line(self) -> str | None:
        """Returns the next line, None to leave."""
        while True:
            try:
                line = self.read("> ").strip()
            except EOFError:
                print()
                return None
            except KeyboardInterrupt:
                print()
                self._interrupts += 1
                if self._interrupts > 1:
                    return None
                self.asker.screen.note("Ctrl-C again or Ctrl-D leaves")
            else:
                self._interrupts = 0
                return line

    def _command(self, line: str) -> bool:
        """Obeys a line such as `/model NAME`, and returns False to leave."""
        name, _, rest = line.partition(" ")
        note = self.asker.screen.note
        match name:
            case "/exit" | "/quit":
                return False
            case "/reset":
                self.turns.clear()
                note("forgotten")
            case "/model":
                self.model = rest.strip() or self.model
                note(self.model)
            case _:
                note(HELP)
        return True

    def _answer(self, line: str) -> None:
        """Asks a question, and keeps it with its answer unless the call failed."""
        question = user(line) if self.turns else self.opening(line)
        try:
            answered = self.asker.stream([*self.turns, question], self.model)
        except KeyboardInterrupt:
            self._interrupts = 1
            self.asker.screen.note("cancelled; the question is forgotten")
        except RingmainError as exc:
            self.asker.screen.note(of_call(exc, self.target).message)
        else:
            self.turns += [question, *answered]


def terminal_line(prompt: str) -> str:
    """Reads a line with editing and a history that ends with the process."""
    with suppress(ImportError):  # not every platform has it
        import readline  # noqa: F401  importing it makes `input` editable
    return input(prompt)
