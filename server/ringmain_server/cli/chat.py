"""Command line: `ringmain chat`, one question or a conversation; `ringmain tokens`."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ringmain_server.cli.command import command
from ringmain_server.cli.connection import ConnectionFlags, connected
from ringmain_server.cli.request import (
    AnswerFlags,
    PromptFlags,
    answer_options,
    prompt_options,
    turn,
)

if TYPE_CHECKING:
    from ringmain import ChatOptions
    from ringmain.v1.content_pb2 import Message

    from ringmain_server.cli.ask import Asker


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputFlags:
    """Flags for how the answer is shown."""

    events: Annotated[
        bool,
        typer.Option("--events", help="Print the contract's events as lines of JSON instead."),
    ] = False
    no_stream: Annotated[bool, typer.Option("--no-stream", help="Wait for the whole answer.")] = False


def chat(prompt: PromptFlags, output: OutputFlags, answer: AnswerFlags, connection: ConnectionFlags) -> None:
    """Ask one question, or have a conversation when none is given on a terminal.

    The answer goes to standard output; tokens, cost and times follow on standard error.
    """
    from ringmain_server.cli.ask import Asker
    from ringmain_server.cli.failures import USAGE, CommandFailure
    from ringmain_server.cli.screen import Screen

    if output.events and output.no_stream:
        raise CommandFailure("error: --events needs a stream: leave out --no-stream", code=USAGE)
    question = _question(prompt)
    if question is None and (output.events or output.no_stream):
        raise CommandFailure("error: a conversation always streams: give a PROMPT", code=USAGE)
    options: ChatOptions = {**prompt_options(prompt), **answer_options(answer)}
    with connected(connection) as client:
        asker = Asker(client, Screen(), options)
        if question is None:
            _converse(asker, prompt, connection)
        else:
            _ask(asker, prompt, turn(question, prompt), output)


def tokens(prompt: PromptFlags, connection: ConnectionFlags) -> None:
    """Count a prompt's tokens and estimate the least and the most that an answer would cost."""
    from ringmain_server.cli.choice import chosen_model
    from ringmain_server.cli.summary import estimate

    question = _question(prompt) or ""
    turns, options = [turn(question, prompt)], prompt_options(prompt)
    with connected(connection) as client:
        options["model"], _ = chosen_model(client, prompt.model)
        count = client.count_tokens(turns, **options)
        print(estimate(count, client.estimate_cost(turns, **options)))


def _question(flags: PromptFlags) -> str | None:
    """Returns the question, or None to start a conversation."""
    from ringmain_server.cli.failures import USAGE, CommandFailure

    piped = not sys.stdin.isatty()
    if flags.prompt is None and not piped:
        return None
    from_stdin = flags.prompt is None or flags.prompt == "-"
    question = sys.stdin.read().rstrip("\n") if from_stdin else str(flags.prompt)
    if not question.strip() and not (flags.image or flags.file):
        raise CommandFailure("error: nothing is asked: give a PROMPT, or pipe one in", code=USAGE)
    return question


def _ask(asker: "Asker", prompt: PromptFlags, question: "Message", output: OutputFlags) -> None:
    from ringmain_server.cli.choice import chosen_model

    model, note = chosen_model(asker.client, prompt.model)
    if output.events:
        asker.events([question], model)
        return
    if note:
        asker.screen.note(note)
    (asker.whole if output.no_stream else asker.stream)([question], model)


def _converse(asker: "Asker", prompt: PromptFlags, connection: ConnectionFlags) -> None:
    from ringmain_server.cli.choice import chosen_model
    from ringmain_server.cli.conversation import Conversation, terminal_line

    model, _ = chosen_model(asker.client, prompt.model)
    Conversation(
        asker, connection.target_with_tls(), model, terminal_line, lambda line: turn(line, prompt)
    ).run()


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    command(app)(chat)
    command(app)(tokens)
