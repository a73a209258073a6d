"""Command line: writes answers to stdout, and everything about them to stderr."""

import re
import sys
from typing import Final

_DIM: Final = "\x1b[2m"
_PLAIN: Final = "\x1b[0m"
# Control characters, except tab and line feed: a model's text must not control the terminal.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Screen:
    """Writes an answer as it comes, and notes about it."""

    def __init__(self) -> None:
        """Uses the process's own streams, as they are now."""
        self._out, self._err = sys.stdout, sys.stderr
        self._line_is_open = False
        self._thinking = False

    def write(self, text: str) -> None:
        """Appends to the answer, at once."""
        if self._out.isatty():
            text = _CONTROL.sub("", text)
        if text:
            self._end_thought()
            # Set before writing, because Ctrl-C may interrupt the write.
            self._line_is_open = not text.endswith("\n")
            self._out.write(text)
            self._out.flush()

    def line(self, text: str) -> None:
        """Writes a line of its own to stdout."""
        self.end_line()
        self.write(f"{text}\n")

    def end_line(self) -> None:
        """Ends the answer's last line unless it has ended already."""
        if self._line_is_open:
            self.write("\n")

    def note(self, text: str) -> None:
        """Writes a dim line about the answer."""
        self.end_line()
        self._end_thought()
        self._aside(f"{text}\n")

    def step(self, text: str) -> None:
        """Writes a dim line about what happens meanwhile, on a terminal only. A piped answer stays whole."""
        if self._err.isatty():
            if self._out.isatty():
                self.end_line()
            self._end_thought()
            self._aside(f"{text}\n")

    def thought(self, text: str) -> None:
        """Appends to the model's reasoning, dim, on a terminal only."""
        if self._err.isatty():
            self._thinking = True
            self._aside(text)

    def _end_thought(self) -> None:
        if self._thinking:
            self._thinking = False
            self._aside("\n")

    def _aside(self, text: str) -> None:
        # Not with rich, whose import takes longer than an answer of the sandbox, for a single attribute.
        if self._err.isatty():
            text = f"{_DIM}{_CONTROL.sub('', text)}{_PLAIN}"
        self._err.write(text)
        self._err.flush()
