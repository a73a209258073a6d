"""Command line: where a command writes. Answers go to stdout, all that is about them to stderr."""

import re
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console

# A model's text must not steer the terminal: control characters but tab and line feed.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Screen:
    """Writes an answer as it comes, and lines beside it."""

    def __init__(self) -> None:
        """Takes the process's own streams, as they are now."""
        self._out = sys.stdout
        self._line_is_open = False
        self._err: Console | None = None

    def write(self, text: str) -> None:
        """Appends to the answer, at once."""
        if self._out.isatty():
            text = _CONTROL.sub("", text)
        if text:
            self._out.write(text)
            self._out.flush()
            self._line_is_open = not text.endswith("\n")

    def line(self, text: str) -> None:
        """Writes a line of its own to stdout."""
        self.end_line()
        self.write(f"{text}\n")

    def end_line(self) -> None:
        """Ends the answer's last line, unless it has ended itself."""
        if self._line_is_open:
            self.write("\n")

    def note(self, text: str) -> None:
        """Writes a dim line about the answer."""
        self.end_line()
        self._aside(f"{text}\n")

    def thought(self, text: str) -> None:
        """Appends to the model's reasoning, dim, on a terminal only."""
        if self._console().is_terminal:
            self._aside(text)

    def _aside(self, text: str) -> None:
        console = self._console()
        shown = _CONTROL.sub("", text) if console.is_terminal else text
        console.print(shown, style="dim", end="", markup=False, highlight=False, soft_wrap=True)

    def _console(self) -> "Console":
        if self._err is None:
            from rich.console import Console

            self._err = Console(stderr=True)
        return self._err
