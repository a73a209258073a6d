"""Command line: makes a command of a function whose parameters are frozen dataclasses of flags.

A command with twenty flags is still a function of one or two arguments: each parameter that is
annotated with a dataclass gives its fields to typer, and gets them back as one value.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Annotated, TypeVar, get_args, get_type_hints

import typer

from ringmain_server.cli.connection import CallerFlags, ConnectionFlags
from ringmain_server.cli.flag import Flag

Function = TypeVar("Function", bound=Callable[..., int | None])


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"ringmain {metadata.version('ringmain-server')}")
        raise typer.Exit


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RootFlags(ConnectionFlags):
    """The flags in front of a command's name."""

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
    """The flag that every command also takes, so that it can be added to a command that failed."""

    debug: Annotated[bool, typer.Option("--debug", hidden=True)] = False


def root(app: typer.Typer, help: str) -> None:  # noqa: A002  typer's name for it
    """Adds the flags that stand in front of a command's name to an app."""

    def run(*, ctx: typer.Context, **values: object) -> None:
        ctx.obj = RootFlags(**values)  # type: ignore[arg-type]  # typer has checked them

    _declare(run, RootFlags)
    app.callback(help=help)(run)


def command(app: typer.Typer, name: str | None = None) -> Callable[[Function], Function]:
    """Registers a function as a command. The function returns its exit code; its docstring is the help.

    Args:
        app: The group that the command belongs to.
        name: Its name, if it differs from the function's.
    """

    def register(function: Function) -> Function:
        app.command(name)(_runner(function))
        return function

    return register


def _runner(function: Callable[..., int | None]) -> Callable[..., None]:
    """Wraps a command for typer: takes flags, passes dataclasses to the function, exits with its code."""
    groups = {name: hint for name, hint in get_type_hints(function).items() if _is_flags(hint)}

    @functools.wraps(function)
    def run(*, ctx: typer.Context, debug: bool, **values: object) -> None:
        from ringmain_server.cli.outcome import exit_code

        before: RootFlags = ctx.obj
        given = {name: _built(flags, values, before) for name, flags in groups.items()}
        raise typer.Exit(exit_code(lambda: function(**given), debug=debug or before.debug))

    _declare(run, _DebugFlags, *groups.values())
    return run


def _is_flags(hint: object) -> bool:
    return isinstance(hint, type) and dataclasses.is_dataclass(hint)


def _built(flags: type, values: Mapping[str, object], before: RootFlags) -> object:
    built = flags(**{field.name: values[field.name] for field in dataclasses.fields(flags)})
    return built.over(before) if isinstance(built, CallerFlags) else built


def _declare(run: Callable[..., None], *groups: type) -> None:
    """Gives a function the signature that typer reads: a context, and a flag for each field."""
    parameters = [_parameter("ctx", typer.Context)]
    for flags in groups:
        hints = get_type_hints(flags, include_extras=True)
        parameters += [
            _parameter(field.name, _for_typer(field.name, hints[field.name]), default=_default(field))
            for field in dataclasses.fields(flags)
        ]
    # typer reads the signature, not the function, so one function can serve every command.
    run.__annotations__ = {}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect reads it


def _for_typer(name: str, hint: object) -> object:
    """Returns a field's type hint with its `Flag` translated to typer's terms."""
    described = get_args(hint)[1]
    if not isinstance(described, Flag):
        return hint
    option = typer.Option(*described.names(name), metavar=described.metavar, help=described.help)
    return Annotated[get_args(hint)[0], option]


def _parameter(name: str, hint: object, default: object = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default)


def _default(field: "dataclasses.Field[object]") -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
