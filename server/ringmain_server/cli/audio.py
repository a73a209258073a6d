"""Command line: `ringmain transcribe`, `ringmain speak`, and `ringmain embed`."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ringmain_server.cli.batch import BatchFlags
from ringmain_server.cli.command import command
from ringmain_server.cli.connection import ConnectionFlags, connected

if TYPE_CHECKING:
    from ringmain import Client, Transcript

_SUFFIXES = {"text": ".txt", "json": ".json", "srt": ".srt", "vtt": ".vtt"}
_AUDIO = {
    ".mp3": "mp3",
    ".wav": "wav",
    ".ogg": "ogg",
    ".opus": "ogg",
    ".flac": "flac",
    ".aac": "aac",
    ".pcm": "pcm",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscribeFlags:
    """Flags of `ringmain transcribe`."""

    recordings: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", show_default=False, help="Recordings, or globs of them."),
    ] = None
    lines: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="A recording on each line; `-` is standard input."),
    ] = None
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE|FOLDER", help="Where the text goes. Default: standard output."
        ),
    ] = None
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="NAME", help="A model that hears. Default: the first listed."),
    ] = None
    language: Annotated[
        str | None, typer.Option(metavar="CODE", help="What is spoken, such as en or pt-BR.")
    ] = None
    translate: Annotated[bool, typer.Option("--translate", help="Translate into English.")] = False
    prompt: Annotated[str | None, typer.Option(metavar="TEXT", help="Words to expect.")] = None
    format: Annotated[Literal["text", "json", "srt", "vtt"], typer.Option(help="What to write.")] = "text"


def transcribe(flags: TranscribeFlags, batch: BatchFlags, connection: ConnectionFlags) -> int:
    """Transcribe recordings."""
    from ringmain_server.cli.batch import BatchWork, run
    from ringmain_server.cli.choice import chosen_model
    from ringmain_server.cli.failures import USAGE, CommandFailure
    from ringmain_server.cli.inputs import files
    from ringmain_server.cli.targets import target_of

    names = files(flags.recordings or [], flags.lines)
    if flags.output is None and len(names) > 1:
        raise CommandFailure("error: several recordings need a folder: name one with --output", code=USAGE)
    with connected(connection) as client:
        model, note = chosen_model(client, flags.model, "transcription")
        if note:
            print(note, file=sys.stderr)
        taken: set[Path] = set()
        works = []
        for name in names:
            target = None
            if flags.output is not None:
                suffix = _SUFFIXES[flags.format]
                target = target_of(flags.output, name, suffix, alone=len(names) == 1, taken=taken)
            works.append(BatchWork(name, _hearing(client, name, model, flags, target), target))
        return run(works, batch)


def _hearing(
    client: "Client", name: str, model: str, flags: TranscribeFlags, target: Path | None
) -> Callable[[], str]:
    def hear() -> str:
        from ringmain.files import write_whole

        live = target is None and flags.format == "text"
        listening = client.audio.listen(
            name, model=model, language=flags.language, translate=flags.translate, prompt=flags.prompt
        )
        with listening:
            spoken = False
            for text in listening:
                spoken = True
                if live:
                    sys.stdout.write(text)
                    sys.stdout.flush()
        transcript = listening.transcript
        if target is not None:
            write_whole(target, (_written(transcript, flags.format).encode(),))
            return str(target)
        print("" if live and spoken else _written(transcript, flags.format).rstrip("\n"))
        return ""

    return hear


def _written(transcript: "Transcript", form: str) -> str:
    """Formats a transcript as text, JSON or subtitles."""
    if form == "text":
        return f"{transcript.text}\n"
    segments = [(one.text, one.start, one.end) for one in transcript.segments]
    if form == "json":
        document: dict[str, Any] = {
            "text": transcript.text,
            "language": transcript.language_code or None,
            "segments": [{"text": text, "start": start, "end": end} for text, start, end in segments],
        }
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return _subtitles(segments, form)


def _subtitles(segments: list[tuple[str, float | None, float | None]], form: str) -> str:
    """Formats segments as SubRip, or as WebVTT (https://www.w3.org/TR/webvtt1/).

    Raises:
        Failure: The model gives no times.
    """
    from ringmain_server.cli.failures import CommandFailure

    mark = "," if form == "srt" else "."
    blocks = ["WEBVTT\n"] if form == "vtt" else []
    for number, (text, start, end) in enumerate(segments, 1):
        if start is None or end is None:
            raise CommandFailure("error: this model does not say when what was said: take --format text")
        head = f"{number}\n" if form == "srt" else ""
        blocks.append(f"{head}{_clock(start, mark)} --> {_clock(end, mark)}\n{text.strip()}\n")
    return "\n".join(blocks)


def _clock(seconds: float, mark: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{milliseconds:03}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SpeakFlags:
    """Flags of `ringmain speak`."""

    texts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TEXT]...", show_default=False, help="Texts; each makes its own file."),
    ] = None
    lines: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="A text on each line; `-` is standard input.")
    ] = None
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE|FOLDER", help="Where it goes. A folder for several."),
    ] = None
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="NAME", help="A model that speaks. Default: the first listed."),
    ] = None
    voice: Annotated[str | None, typer.Option(metavar="NAME", help="The provider's name for the voice.")] = (
        None
    )
    instructions: Annotated[str | None, typer.Option(metavar="TEXT", help="How to speak, in words.")] = None
    speed: Annotated[float | None, typer.Option(metavar="N", min=0.25, max=4.0, help="How fast.")] = None
    format: Annotated[
        Literal["mp3", "wav", "ogg", "flac", "aac", "pcm"] | None, typer.Option(help="What file to make.")
    ] = None


def speak(flags: SpeakFlags, batch: BatchFlags, connection: ConnectionFlags) -> int:
    """Speak texts into files."""
    from ringmain_server.cli.batch import BatchWork, run
    from ringmain_server.cli.choice import chosen_model
    from ringmain_server.cli.inputs import texts
    from ringmain_server.cli.targets import target_of

    spoken = texts(flags.texts or [], flags.lines)
    wanted = flags.format or _AUDIO.get(Path(flags.output or "").suffix.lower())
    with connected(connection) as client:
        model, note = chosen_model(client, flags.model, "speech")
        if note:
            print(note, file=sys.stderr)
        taken: set[Path] = set()
        works = []
        for text in spoken:
            # Where no type is named, only the answer tells its type and so the file's suffix.
            suffix = f".{wanted}" if wanted else ""
            target = target_of(flags.output, text, suffix or ".speech", alone=len(spoken) == 1, taken=taken)
            target = target if suffix or target.suffix != ".speech" else target.with_suffix("")
            works.append(BatchWork(text, _speaking(client, text, model, flags, wanted, target), target))
        return run(works, batch)


def _speaking(
    client: "Client", text: str, model: str, flags: SpeakFlags, wanted: str | None, target: Path
) -> Callable[[], str]:
    def say() -> str:
        speech = client.audio.speak(
            text,
            model=model,
            voice=flags.voice,
            instructions=flags.instructions,
            speed=flags.speed,
            format=wanted,  # type: ignore[arg-type] # one of the flag's choices
        )
        path = speech.save(target)
        mime_note = (
            ""
            if not wanted or speech.mime_type.endswith(f"/{_MIME.get(wanted, wanted)}")
            else speech.mime_type
        )
        return " · ".join(
            filter(None, (str(path), f"{speech.provider}/{speech.route.provider_model}", mime_note))
        )

    return say


_MIME = {"mp3": "mpeg"}


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbedFlags:
    """Flags of `ringmain embed`."""

    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", show_default=False, help="Texts.")
    ] = None
    lines: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="A text on each line; `-` is standard input.")
    ] = None
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where they go. Default: standard output."),
    ] = None
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="NAME", help="A model that embeds. Default: the first listed."),
    ] = None
    dimensions: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many numbers a vector has.")
    ] = None
    purpose: Annotated[
        Literal["document", "query", "similarity"] | None, typer.Option(help="What the vectors are for.")
    ] = None


_AT_ONCE = 2048


def embed(flags: EmbedFlags, connection: ConnectionFlags) -> None:
    """Turn texts into vectors: a line of JSON for each, with the text and its numbers."""
    from ringmain.files import write_whole

    from ringmain_server.cli.choice import chosen_model
    from ringmain_server.cli.inputs import texts

    given = texts(flags.texts or [], flags.lines)
    with connected(connection) as client:
        model, note = chosen_model(client, flags.model, "embedding")
        if note:
            print(note, file=sys.stderr)
        lines = []
        for start in range(0, len(given), _AT_ONCE):
            part = given[start : start + _AT_ONCE]
            vectors = client.embed(part, model=model, dimensions=flags.dimensions, purpose=flags.purpose)
            for text, vector in zip(part, vectors, strict=True):
                lines.append(json.dumps({"text": text, "embedding": list(vector)}, ensure_ascii=False) + "\n")
    if flags.output is None:
        sys.stdout.writelines(lines)
    else:
        write_whole(flags.output, (line.encode() for line in lines))


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    command(app)(transcribe)
    command(app)(speak)
    command(app)(embed)
