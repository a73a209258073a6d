"""Command line: describes flags without typer, and parses them.

Typer and its imports would stay in the serving process: 10 MB of the 75 that it may have. So the flags of
`serve` are described once: for typer, which provides help and completion, and for the parser below, which
reads
them in the process that serves.
"""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

F = TypeVar("F")


@dataclasses.dataclass(frozen=True, slots=True)
class Flag:
    """The annotation of a field that is a flag; name and type are the field's.

    Attributes:
        help: A description for people.
        metavar: The placeholder of its value; None for a flag without a value.
        short: A short name such as `-c`.
    """

    help: str
    metavar: str | None = None
    short: str | None = None

    def names(self, field: str) -> tuple[str, ...]:
        """Returns the names of the flag on the command line."""
        long = f"--{field.replace('_', '-')}"
        return (long,) if self.short is None else (long, self.short)


def parsed(kind: type[F], args: Sequence[str], *, program: str) -> F:
    """Parses arguments into a dataclass of flags.

    Args:
        kind: A dataclass whose every field is annotated with a `Flag`.
        args: The arguments.
        program: The program's name, for its messages.

    Raises:
        SystemExit: The arguments are wrong; standard error says how.
    """
    parser = argparse.ArgumentParser(
        prog=program, allow_abbrev=False, add_help=False, argument_default=argparse.SUPPRESS
    )
    for name, hint in get_type_hints(kind, include_extras=True).items():
        value, flag = get_args(hint)
        parser.add_argument(*flag.names(name), dest=name, help=flag.help, **_reading(value, flag))
    return kind(**vars(parser.parse_args(args)))


def _reading(hint: object, flag: Flag) -> Mapping[str, Any]:
    """Returns the options with which argparse reads a value of a type."""
    inner = next((arg for arg in get_args(hint) if arg is not NoneType), hint)
    if inner is bool:
        return {"action": "store_true"}
    if get_origin(hint) is list:
        return {"action": "append", "metavar": flag.metavar}
    if get_origin(inner) is Literal:
        return {"choices": get_args(inner), "metavar": flag.metavar}
    return {"type": inner, "metavar": flag.metavar}
