"""Where a command writes."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from ringmain_server.cli.screen import Screen


class Terminal(io.StringIO):
    """A terminal, as far as text streams can tell."""

    def isatty(self) -> bool:
        return True


@contextmanager
def streams(kind: Callable[[], io.StringIO]) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """Standard output and standard error of a kind."""
    with redirect_stdout(kind()) as out, redirect_stderr(kind()) as err:
        yield out, err
    assert sys.stdout is not out


def test_terminal_is_not_steered() -> None:
    """Control characters of a model do not reach a terminal, but line feeds and tabs do."""
    with streams(Terminal) as (out, err):
        screen = Screen()
        screen.write("a\tb\x1b[31m\r\x07\n\u009b")
        screen.thought("think\x1b]0;title\x07")
        screen.note("n")
        screen.thought("more")
        screen.write("c")
    assert out.getvalue() == "a\tb[31m\nc"
    dim = err.getvalue().replace("\x1b[0m", "").split("\x1b[2m")
    assert dim == ["", "think]0;title", "\n", "n\n", "more", "\n"]


def test_steps_are_for_terminals() -> None:
    """A step gets a line of its own on a terminal; an answer that goes to a file holds no steps."""
    with streams(Terminal) as (out, err):
        screen = Screen()
        screen.write("a")
        screen.step("runs web_search")
    assert (out.getvalue(), err.getvalue()) == ("a\n", "\x1b[2mruns web_search\n\x1b[0m")
    with redirect_stdout(io.StringIO()) as file, redirect_stderr(Terminal()) as err:
        screen = Screen()
        screen.write("a")
        screen.step("runs web_search")
        screen.write("b")
    assert (file.getvalue(), err.getvalue()) == ("ab", "\x1b[2mruns web_search\n\x1b[0m")


def test_pipe_gets_what_came() -> None:
    """A pipe gets the answer as it came, and no reasoning."""
    with streams(io.StringIO) as (out, err):
        screen = Screen()
        screen.write("a\x1b[31m")
        screen.thought("think")
        screen.step("runs web_search")
        screen.line("b")
        screen.write("")
        screen.end_line()
        screen.note("[bold]n")
    assert out.getvalue() == "a\x1b[31m\nb\n"
    assert err.getvalue() == "[bold]n\n"
