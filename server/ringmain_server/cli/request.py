"""Command line: builds a request from flags."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from ringmain import ChatOptions
    from ringmain.v1.content_pb2 import Message
    from ringmain.v1.generation_pb2 import Tool

_ANSWER = "Answer"
_ROUTE = "Route"
_ATTRIBUTION = "Attribution"


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptFlags:
    """Flags for the question and the model."""

    prompt: Annotated[
        str | None,
        typer.Argument(
            metavar="PROMPT",
            show_default=False,
            help="The question. `-`, or none in a pipe, reads standard input.",
        ),
    ] = None
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME",
            help="A model of the gateway, or provider/model. Default: RINGMAIN_MODEL, else the "
            "first that the gateway lists and that is no sandbox, else the sandbox.",
        ),
    ] = None
    image: Annotated[
        list[str],
        typer.Option(metavar="FILE|URL", help="An image to look at. Repeatable."),
    ] = field(default_factory=list)
    detail: Annotated[
        Literal["low", "high"] | None, typer.Option(help="How closely the model looks at the images.")
    ] = None
    file: Annotated[
        list[str],
        typer.Option(metavar="FILE|URL", help="A document to read. Repeatable."),
    ] = field(default_factory=list)
    system: Annotated[str | None, typer.Option(metavar="TEXT", help="Instructions.")] = None
    max_tokens: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="The most tokens to write, reasoning included."),
    ] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerFlags:
    """Flags for the answer and the route."""

    web_search: Annotated[
        bool,
        typer.Option("--web-search", rich_help_panel=_ANSWER, help="Let the provider search the web."),
    ] = False
    code_execution: Annotated[
        bool,
        typer.Option(
            "--code-execution",
            rich_help_panel=_ANSWER,
            help="Let the provider run code that the model writes.",
        ),
    ] = False
    json_schema: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|JSON",
            rich_help_panel=_ANSWER,
            help="The JSON Schema that the answer must satisfy.",
        ),
    ] = None
    json: Annotated[bool, typer.Option("--json", rich_help_panel=_ANSWER, help="Ask for a JSON object.")] = (
        False
    )
    temperature: Annotated[
        float | None, typer.Option(rich_help_panel=_ANSWER, metavar="T", help="0 to 2.")
    ] = None
    reasoning: Annotated[
        Literal["none", "minimal", "low", "medium", "high", "extra_high"] | None,
        typer.Option(rich_help_panel=_ANSWER, help="How much to reason first."),
    ] = None
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            rich_help_panel=_ANSWER,
            help="For best-effort repeatability.",
        ),
    ] = None
    top_logprobs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=20,
            rich_help_panel=_ANSWER,
            help="Show the probability of each token, and of N alternatives.",
        ),
    ] = None
    option: Annotated[
        list[str],
        typer.Option(
            metavar="KIND.KEY=VALUE",
            rich_help_panel=_ANSWER,
            help="A field for a provider kind as it is, such as openai.user=me. The value is "
            "JSON or text; dots nest. Repeatable.",
        ),
    ] = field(default_factory=list)
    provider: Annotated[
        list[str],
        typer.Option(metavar="NAME", rich_help_panel=_ROUTE, help="A provider to try, in order. Repeatable."),
    ] = field(default_factory=list)
    no_failover: Annotated[
        bool,
        typer.Option("--no-failover", rich_help_panel=_ROUTE, help="Stop after the first failure."),
    ] = False
    label: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=VALUE",
            rich_help_panel=_ATTRIBUTION,
            help="A label for cost reports. Repeatable.",
        ),
    ] = field(default_factory=list)
    user: Annotated[
        str | None,
        typer.Option(metavar="ID", rich_help_panel=_ATTRIBUTION, help="Your own id of the end user."),
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0, rich_help_panel=_ROUTE, help="Give up after this time."),
    ] = None


def turn(question: str, flags: PromptFlags) -> "Message":
    """Returns the user's turn with its attachments.

    Raises:
        Failure: A file cannot be read, or a detail is asked of no image.
    """
    from ringmain import document, image, user

    from ringmain_server.cli.failures import USAGE, CommandFailure

    if flags.detail and not flags.image:
        raise CommandFailure("error: --detail needs an --image to look at", code=USAGE)
    try:
        images = [image(source, detail=flags.detail) for source in flags.image]
        media = [*images, *map(document, flags.file)]
    except OSError as exc:
        raise CommandFailure(f"error: cannot read {exc.filename}: {exc.strerror}", code=USAGE) from exc
    return user(question, *media)


def prompt_options(flags: PromptFlags) -> "ChatOptions":
    """Returns the options of every request."""
    return {"system": flags.system, "max_output_tokens": flags.max_tokens}


def answer_options(flags: AnswerFlags) -> "ChatOptions":
    """Returns the options of an answer.

    Raises:
        Failure: The value of a flag makes no sense.
    """
    from ringmain_server.cli.pairs import pairs

    return {
        "tools": _tools(flags),
        "json_schema": _schema(flags.json_schema) if flags.json_schema else None,
        "response_format": "json" if flags.json else None,
        "temperature": flags.temperature,
        "reasoning_effort": flags.reasoning,
        "seed": flags.seed,
        "top_logprobs": flags.top_logprobs,
        "provider_options": _provider_options(flags.option),
        "provider_ids": flags.provider,
        "failover_disabled": flags.no_failover,
        "labels": dict(pairs("--label", "NAME=VALUE", flags.label)),
        "user_id": flags.user,
        "timeout": flags.timeout,
    }


def _tools(flags: AnswerFlags) -> "list[Tool]":
    from ringmain import code_execution, web_search

    return [
        *([web_search()] if flags.web_search else []),
        *([code_execution()] if flags.code_execution else []),
    ]


def _schema(given: str) -> str:
    from ringmain_server.cli.failures import USAGE, CommandFailure

    try:
        text = given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8")
        json.loads(text)
    except OSError as exc:
        raise CommandFailure(
            f"error: --json-schema: cannot read {given}: {exc.strerror}", code=USAGE
        ) from exc
    except ValueError as exc:
        raise CommandFailure(f"error: --json-schema is no JSON: {exc}", code=USAGE) from exc
    return text


def _provider_options(texts: Iterable[str]) -> dict[str, dict[str, object]]:
    from ringmain_server.cli.failures import USAGE, CommandFailure
    from ringmain_server.cli.pairs import pairs

    options: dict[str, dict[str, object]] = {}
    for path, value in pairs("--option", "KIND.KEY=VALUE", texts):
        kind, *keys = path.split(".")
        if not (keys and all((kind, *keys))):
            raise CommandFailure(f"error: --option takes KIND.KEY=VALUE, not {path!r}", code=USAGE)
        inner: dict[str, object] = options.setdefault(kind, {})
        for key in keys[:-1]:
            below = inner.setdefault(key, {})
            if not isinstance(below, dict):
                raise CommandFailure(f"error: --option: {path} is inside a value", code=USAGE)
            inner = below
        inner[keys[-1]] = _value(value)
    return options


def _value(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value
