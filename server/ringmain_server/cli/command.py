"""Command line: makes a command of a function whose flags are frozen dataclasses.

A command with twenty flags is still a function of one or two arguments: each parameter that is
annotated with a dataclass gives its fields to typer, and gets them back as one value.
"""

import dataclasses
import functools
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from typing import Annotated, TypeVar, get_type_hints

import typer

from ringmain_server.cli.connection import ConnectionFlags

Function = TypeVar("Function", bound=Callable[..., None])


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"ringmain {metadata.version('ringmain')}")
        raise typer.Exit


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RootFlags(ConnectionFlags):
    """The flags before a command's name."""

    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show the traceback of an error. RINGMAIN_DEBUG=1 too."),
    ] = False
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version."),
    ] = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _DebugFlags:
    """Every command takes it too, so that it can be put behind a command that failed."""

    debug: Annotated[bool, typer.Option("--debug", hidden=True)] = False


def root(app: typer.Typer, help: str) -> None:  # noqa: A002  typer's word
    """Gives an app the flags that stand before a command's name."""

    def run(*, ctx: typer.Context, **values: object) -> None:
        ctx.obj = RootFlags(**values)  # type: ignore[arg-type]  # typer has checked them

    _declare(run, RootFlags)
    app.callback(help=help)(run)


def command(app: typer.Typer, name: str | None = None) -> Callable[[Function], Function]:
    """Registers a function as a command. Its docstring is the command's help.

    Args:
        app: The group that the command belongs to.
        name: Its name, when the function's is another.
    """

    def register(function: Function) -> Function:
        app.command(name)(_runner(function))
        return function

    return register


def _runner(function: Callable[..., None]) -> Callable[..., None]:
    """Returns what typer calls: flags in, dataclasses to the function, exit codes out."""
    groups = {name: hint for name, hint in get_type_hints(function).items() if _is_flags(hint)}

    @functools.wraps(function)
    def run(*, ctx: typer.Context, debug: bool, **values: object) -> None:
        before: RootFlags = ctx.obj
        with _reported(debug=debug or before.debug):
            function(**{name: _built(flags, values, before) for name, flags in groups.items()})

    _declare(run, _DebugFlags, *groups.values())
    return run


def _is_flags(hint: object) -> bool:
    return isinstance(hint, type) and dataclasses.is_dataclass(hint)


def _built(flags: type, values: Mapping[str, object], before: RootFlags) -> object:
    built = flags(**{field.name: values[field.name] for field in dataclasses.fields(flags)})
    return built.over(before) if isinstance(built, ConnectionFlags) else built


def _declare(run: Callable[..., None], *groups: type) -> None:
    """Gives a function the signature that typer reads: a context, and a flag for each field."""
    parameters = [_parameter("ctx", typer.Context)]
    for flags in groups:
        hints = get_type_hints(flags, include_extras=True)
        parameters += [
            _parameter(field.name, hints[field.name], default=_default(field))
            for field in dataclasses.fields(flags)
        ]
    run.__annotations__ = {}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect reads it


def _parameter(name: str, hint: object, default: object = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default)


def _default(field: "dataclasses.Field[object]") -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default


@contextmanager
def _reported(*, debug: bool) -> Iterator[None]:
    """Ends the command with an exit code and a few readable lines, whatever happened."""
    from ringmain_server.cli.failures import CANCELLED, Failure, of_surprise

    try:
        yield
    except (typer.Exit, BrokenPipeError):  # typer ends quietly when a pipe's reader has left
        raise
    except KeyboardInterrupt:
        print("cancelled", file=sys.stderr)
        raise typer.Exit(CANCELLED) from None
    except Exception as exc:  # noqa: BLE001  the last line of defence before a person's eyes
        if debug or os.environ.get("RINGMAIN_DEBUG", "0") not in ("", "0"):
            traceback.print_exc()
        failure = exc if isinstance(exc, Failure) else of_surprise(exc)
        print(failure.message, file=sys.stderr)
        raise typer.Exit(failure.code) from None
