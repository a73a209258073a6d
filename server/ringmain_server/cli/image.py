"""Command line: `ringmain image` draws, changes and enlarges pictures; `ringmain inspect`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ringmain_server.cli.batch import BatchFlags
from ringmain_server.cli.command import command
from ringmain_server.cli.connection import ConnectionFlags, connected

if TYPE_CHECKING:
    from ringmain import Client, Images
    from ringmain.media import Drawing


_SUFFIXES = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawFlags:
    """Flags for what `ringmain image` draws."""

    prompts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROMPT]...", show_default=False, help="Descriptions; each makes its own picture."
        ),
    ] = None
    lines: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="A description on each line; `-` is standard input."),
    ] = None
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE|FOLDER", help="Where it goes. A folder for several."),
    ] = None
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="NAME", help="A model that draws. Default: the first listed."),
    ] = None
    n: Annotated[
        int, typer.Option("--n", "-n", metavar="N", min=1, max=10, help="Pictures of each description.")
    ] = 1
    edit: Annotated[list[str], typer.Option(metavar="FILE|URL", help="A picture to change. Repeatable.")] = (
        field(default_factory=list)
    )
    mask: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Where to change it: its transparent pixels are redrawn."),
    ] = None
    outpaint: Annotated[
        str | None,
        typer.Option(metavar="PIXELS", help="Draw beyond the border: `64`, or `left=64,top=32`."),
    ] = None
    style: Annotated[str | None, typer.Option(metavar="TEXT", help="A style in the provider's words.")] = None
    restyle: Annotated[
        bool,
        typer.Option(
            "--restyle", help="Redraw the first --edit in the style of the others, or of the prompt."
        ),
    ] = False
    upscale: Annotated[
        int | None,
        typer.Option(metavar="FACTOR", min=2, max=8, help="Enlarge what is named as PROMPT, 2 to 8 times."),
    ] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureFlags:
    """Flags for how `ringmain image` draws it."""

    size: Annotated[str | None, typer.Option(metavar="WxH", help="Such as 1024x1536.")] = None
    ratio: Annotated[str | None, typer.Option(metavar="W:H", help="Such as 16:9.")] = None
    quality: Annotated[
        Literal["low", "medium", "high", "extra_high"] | None, typer.Option(help="How much work to put in.")
    ] = None
    format: Annotated[Literal["png", "jpeg", "webp"] | None, typer.Option(help="What file to make.")] = None
    transparent: Annotated[bool, typer.Option("--transparent", help="A transparent background.")] = False
    seed: Annotated[int | None, typer.Option(metavar="N", help="For repeatability.")] = None
    negative: Annotated[str | None, typer.Option(metavar="TEXT", help="What must not be drawn.")] = None
    previews: Annotated[
        int, typer.Option(metavar="N", min=0, max=3, help="Show previews of each picture while it is drawn.")
    ] = 0
    show: Annotated[
        bool | None,
        typer.Option("--show/--no-show", help="Show the picture in the terminal. Default: where it can."),
    ] = None


def image(
    flags: DrawFlags, picture_flags: PictureFlags, batch: BatchFlags, connection: ConnectionFlags
) -> int:
    """Draw pictures, change them, or enlarge them.

    The same command again continues where the last one stopped: pictures that exist are not drawn again.
    """
    with connected(connection) as client:
        return (_upscale if flags.upscale else _draw)(client, flags, picture_flags, batch)


def _draw(client: "Client", flags: DrawFlags, picture_flags: PictureFlags, batch: BatchFlags) -> int:
    from ringmain_server.cli.batch import BatchWork, run
    from ringmain_server.cli.choice import chosen_model
    from ringmain_server.cli.inputs import texts
    from ringmain_server.cli.targets import target_of

    wordless = bool(flags.edit) and (flags.outpaint is not None or flags.restyle) and not flags.prompts
    prompts = [""] if wordless and flags.lines is None else texts(flags.prompts or [], flags.lines)
    model, note = chosen_model(client, flags.model, "image_editing" if flags.edit else "image_generation")
    if note:
        print(note, file=sys.stderr)
    options = {**_options(flags, picture_flags), "model": model}
    taken: set[Path] = set()
    works = []
    for prompt in prompts:
        name = prompt or flags.edit[0]
        suffix = _SUFFIXES[picture_flags.format or _format_of(flags.output)]
        target = target_of(flags.output, name, suffix, alone=len(prompts) == 1, taken=taken)
        works.append(
            BatchWork(
                name, _drawing(client, prompt, flags, picture_flags, options, target), _first(target, flags.n)
            )
        )
    return run(works, batch)


def _drawing(
    client: "Client",
    prompt: str,
    flags: DrawFlags,
    picture_flags: PictureFlags,
    options: dict[str, Any],
    target: Path,
) -> Any:
    wanted = {**options, "format": picture_flags.format or _format_of(target.name)}

    def draw() -> str:
        if flags.edit:
            stream = client.images.stream_edit(flags.edit, prompt, previews=picture_flags.previews, **wanted)
        else:
            stream = client.images.stream(prompt, previews=picture_flags.previews, **wanted)
        with stream:
            return _finish(stream, picture_flags, target, flags.n)

    return draw


def _finish(stream: "Drawing", picture_flags: PictureFlags, target: Path, count: int) -> str:
    """Shows the previews as they come, and writes the finished pictures."""
    from ringmain_server.cli.targets import numbered

    for preview in stream:
        _show(preview.image.data, preview.image.mime_type, picture_flags.show)
    images = stream.images
    for picture, path in zip(images, numbered(target, max(count, len(images))), strict=False):
        picture.save(path)
        _show(picture.data, picture.mime_type, picture_flags.show)
    return _summary(images, target, count)


def _summary(images: "Images", target: Path, count: int) -> str:
    from ringmain_server.cli.summary import money

    where = str(target) if count == 1 else f"{len(images)} pictures beside {_first(target, count)}"
    notes = dict.fromkeys(picture.note for picture in images if picture.note)
    cost = money(images.usage.cost_nano_usd if images.usage.HasField("cost_nano_usd") else None)
    return " · ".join([where, f"{images.provider}/{images.route.provider_model}", cost, *notes])


def _upscale(client: "Client", flags: DrawFlags, picture_flags: PictureFlags, batch: BatchFlags) -> int:
    from ringmain_server.cli.batch import BatchWork, run
    from ringmain_server.cli.choice import chosen_model
    from ringmain_server.cli.inputs import files
    from ringmain_server.cli.targets import target_of

    names = files(flags.prompts or flags.edit, flags.lines)
    model, _ = chosen_model(client, flags.model, "image_upscaling")
    factor, taken = flags.upscale or 2, set[Path]()
    works: list[BatchWork] = []
    for name in names:
        suffix = _SUFFIXES[picture_flags.format] if picture_flags.format else Path(name).suffix or ".png"
        source = f"{Path(name).stem}-{factor}x{suffix}"
        target = target_of(flags.output, source, suffix, alone=len(names) == 1, taken=taken)
        works.append(BatchWork(name, _enlarging(client, name, factor, model, picture_flags, target), target))
    return run(works, batch)


def _enlarging(
    client: "Client", name: str, factor: int, model: str, picture_flags: PictureFlags, target: Path
) -> Any:
    def enlarge() -> str:
        found = client.images.upscale(name, factor, model=model, format=picture_flags.format)
        found.save(target)
        _show(found.image.data, found.image.mime_type, picture_flags.show)
        return f"{target} · {found.provider}/{found.route.provider_model}"

    return enlarge


def _options(flags: DrawFlags, picture_flags: PictureFlags) -> dict[str, Any]:
    options: dict[str, Any] = {
        "count": flags.n if flags.n > 1 else None,
        "size": picture_flags.size,
        "aspect_ratio": picture_flags.ratio,
        "quality": picture_flags.quality,
        "style": flags.style,
        "transparent": picture_flags.transparent or None,
        "seed": picture_flags.seed,
        "negative_prompt": picture_flags.negative,
    }
    if flags.edit:
        options |= {"mask": flags.mask, "outpaint": _margins(flags.outpaint)}
        if flags.restyle:
            options["mode"] = "style"
    return options


def _margins(text: str | None) -> dict[str, int] | int | None:
    """Parses margins: pixels for every side, or by side.

    Raises:
        Failure: It is neither.
    """
    from ringmain_server.cli.failures import USAGE, CommandFailure

    if text is None:
        return None
    try:
        if "=" not in text:
            return int(text)
        return {
            side.strip(): int(pixels) for side, _, pixels in (one.partition("=") for one in text.split(","))
        }
    except ValueError as exc:
        message = f"error: --outpaint: {text!r} is neither pixels such as 64 nor sides such as left=64,top=32"
        raise CommandFailure(message, code=USAGE) from exc


def _format_of(name: str | None) -> Literal["png", "jpeg", "webp"]:
    """Returns the type of file that a name stands for."""
    suffix = Path(name).suffix.lower() if name else ""
    return "jpeg" if suffix in (".jpg", ".jpeg") else "webp" if suffix == ".webp" else "png"


def _first(target: Path, count: int) -> Path:
    from ringmain_server.cli.targets import numbered

    return numbered(target, count)[0]


def _show(data: bytes, mime_type: str, wanted: bool | None) -> None:
    """Shows a picture where the terminal can; if the user asked for it, says where it cannot."""
    from ringmain_server.cli.display import picture, protocol

    if wanted is False or not sys.stdout.isatty():
        return
    protocol_name = protocol()
    if protocol_name and (protocol_name == "iterm" or mime_type == "image/png"):
        sys.stdout.write(picture(data, protocol_name))
        sys.stdout.flush()
    elif wanted:
        print("this terminal shows no pictures", file=sys.stderr)


@dataclass(frozen=True, kw_only=True, slots=True)
class InspectFlags:
    """Flags of `ringmain inspect`."""

    images: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", show_default=False, help="Pictures, or globs of them."),
    ] = None
    lines: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="A picture on each line; `-` is standard input."),
    ] = None
    classify: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Have it rated and labelled by this model.")
    ] = None


def inspect(flags: InspectFlags, batch: BatchFlags, connection: ConnectionFlags) -> int:
    """Inspect image files, with a line of JSON for each: type, size, EXIF, hashes, colors, ratings."""
    from ringmain_server.cli.batch import BatchWork, run
    from ringmain_server.cli.inputs import files

    names = files(flags.images or [], flags.lines)
    with connected(connection) as client:
        works: Sequence[BatchWork] = [
            BatchWork(name, _inspecting(client, name, flags.classify)) for name in names
        ]
        return run(works, batch, quiet=True)


def _inspecting(client: "Client", name: str, classifier: str | None) -> Any:
    def look() -> str:
        from google.protobuf.json_format import MessageToDict

        found = client.images.inspect(name, model=classifier)
        fields = {"file": name, **MessageToDict(found, preserving_proto_field_name=True)}
        print(json.dumps(fields, ensure_ascii=False), flush=True)
        return ""

    return look


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    command(app)(image)
    command(app)(inspect)
