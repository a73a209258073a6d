"""Pictures, documents, recordings and vectors by the command line, against a gateway with the sandbox."""

import io
import json
import signal
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import CommandLine
from tests.e2e.processes import OWN, serving
from tests.e2e.test_documents import pdf
from tests.fakes.waiting import LIMIT

pytestmark = pytest.mark.slow

Lines = Callable[[str], CommandLine]


@contextmanager
def _gateway(**environ: str) -> Iterator[str]:
    with serving(*OWN, environ=environ) as service:
        yield f"127.0.0.1:{service.serving().listen}"


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """The address of a gateway in a process of its own."""
    with _gateway() as address:
        yield address


@pytest.fixture
def slow_target() -> Iterator[str]:
    """The address of a gateway whose sandbox takes its time, and which reads a page at a time."""
    slow = {"RINGMAIN_PROVIDERS__SANDBOX__FIRST_TOKEN_MS": "400", "RINGMAIN_MEDIA__PARALLEL_PAGES": "1"}
    with _gateway(**slow) as address:
        yield address


@pytest.fixture
def ringmain(target: str, process_of: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return process_of(target)


def save_png(path: str, size: tuple[int, int] = (64, 48), colour: str = "red") -> None:
    """Writes a picture of one colour."""
    Image.new("RGB", size, colour).save(path)


def listed(folder: str = ".") -> list[str]:
    """The names in a folder, sorted."""
    return sorted(path.name for path in Path(folder).iterdir())


def test_a_picture_goes_into_its_file(ringmain: CommandLine) -> None:
    """One description, one file, of the type that its name says; standard error tells who drew it."""
    result = ringmain("image", "a red fox", "-o", "fox.webp", "--size", "128x64", "--seed", "3")
    assert result.exit_code == 0, result.output
    with Image.open("fox.webp") as found:
        assert (found.format, found.size) == ("WEBP", (128, 64))
    assert "fox.webp · sandbox/image · $0" in result.stderr
    assert listed() == ["fox.webp"]


def test_many_pictures_go_into_a_folder_and_are_not_drawn_twice(ringmain: CommandLine) -> None:
    """Lines of a file are descriptions; the same command again goes on where the last one stopped."""
    Path("list.txt").write_text("a cat\na dog\n\na cat\n", encoding="utf-8")
    arguments = ("image", "--from", "list.txt", "-o", "pets", "--size", "64x64", "--jobs", "2")
    assert ringmain(*arguments).exit_code == 0
    assert listed("pets") == ["a-cat-2.png", "a-cat.png", "a-dog.png"]
    Path("pets/a-dog.png").unlink()
    before = Path("pets/a-cat.png").stat().st_mtime_ns
    again = ringmain(*arguments)
    assert "2 of 3 are there already" in again.stderr
    assert Path("pets/a-dog.png").exists()
    assert Path("pets/a-cat.png").stat().st_mtime_ns == before


def test_several_pictures_of_one_description(ringmain: CommandLine) -> None:
    """They are numbered."""
    assert ringmain("image", "a fox", "-o", "fox.png", "--n", "2", "--size", "64x64").exit_code == 0
    assert listed() == ["fox-1.png", "fox-2.png"]


def test_what_fails_is_told_and_the_rest_goes_on(ringmain: CommandLine) -> None:
    """Failures are listed at the end and in the report; the exit code is 1; there is no half file."""
    save_png("good.png")
    Path("bad.png").write_bytes(b"no picture")
    result = ringmain(
        "image", "good.png", "bad.png", "--upscale", "2", "-o", "out", "--report", "failed.jsonl"
    )
    assert result.exit_code == 1
    assert "1 of 2 failed:" in result.stderr
    assert listed("out") == ["good-2x.png"]
    (failed,) = map(json.loads, Path("failed.jsonl").read_text(encoding="utf-8").splitlines())
    assert failed["name"] == "bad.png"
    assert "MEDIA_INVALID" in failed["error"]


def test_pictures_are_changed(ringmain: CommandLine) -> None:
    """By a mask, beyond the border, and in a style."""
    save_png("a.png")
    mask = Image.new("RGBA", (64, 48), "black")
    mask.paste((0, 0, 0, 0), (0, 0, 32, 48))
    mask.save("mask.png")
    for more in (("blue", "--mask", "mask.png"), ("--outpaint", "left=16,top=8"), ("--restyle", "oil")):
        result = ringmain("image", "--edit", "a.png", *more, "-o", "b.png", "--again", "--previews", "1")
        assert result.exit_code == 0, result.output
    wide = ringmain("image", "--edit", "a.png", "--outpaint", "8", "-o", "wide.png")
    assert wide.exit_code == 0, wide.output
    with Image.open("wide.png") as found:
        assert found.size == (80, 64)
    wrong = ringmain("image", "--edit", "a.png", "--outpaint", "left", "-o", "b.png")
    assert (wrong.exit_code, "--outpaint" in wrong.stderr) == (2, True)


def test_questions_about_pictures(ringmain: CommandLine) -> None:
    """About all together, or about each by itself; globs are taken too."""
    save_png("a.png")
    save_png("b.png", (32, 16))
    together = ringmain("see", "*.png", "what differs?", "--detail", "low")
    assert "64x48" in together.stdout
    assert "32x16" in together.stdout
    apart = ringmain("see", "--each", "a.png", "b.png", "what?")
    assert sorted(line.partition(":")[0] for line in apart.stdout.splitlines()) == ["a.png", "b.png"]
    assert ringmain("see", "a.png").exit_code == 2
    assert "no such file: c.png" in ringmain("see", "c.png", "what?").stderr


def test_inspection_is_json_lines(ringmain: CommandLine) -> None:
    """A line for each file; a classifier adds ratings."""
    save_png("a.png")
    plain = json.loads(ringmain("inspect", "a.png").stdout)
    assert (plain["file"], plain["width"], plain["mime_type"]) == ("a.png", 64, "image/png")
    assert json.loads(ringmain("inspect", "a.png", "--classify", "sandbox/chat").stdout)["safety_ratings"]


def test_a_document_becomes_markdown(ringmain: CommandLine) -> None:
    """Into a file, or to standard output."""
    Path("r.pdf").write_bytes(pdf(3, pictures=("red",)))
    assert ringmain("read", "r.pdf", "-o", "r.md").exit_code == 0
    text = Path("r.md").read_text(encoding="utf-8")
    assert [f"page number {number}" in text for number in (1, 2, 3)] == [True] * 3
    assert "> " in text
    assert listed() == ["r.md", "r.pdf"]
    assert "page number 2" in ringmain("read", "r.pdf", "--mode", "text").stdout
    assert "page number 1" not in ringmain("read", "r.pdf", "--first-page", "2").stdout
    several = ringmain("read", "r.pdf", "r.md")
    assert (several.exit_code, "need a folder" in several.stderr) == (2, True)


def test_a_reading_goes_on_where_it_was_interrupted(
    ringmain: CommandLine, slow_target: str, process_of: Lines
) -> None:
    """After Ctrl-C there is no half file; the same command reads only what is left."""
    Path("r.pdf").write_bytes(pdf(40))
    arguments = ("read", "r.pdf", "-o", "r.md", "--model", "sandbox/chat", "--mode", "page")
    process = process_of(slow_target).start(*arguments)
    part = Path("r.md.part")
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline and not (part.exists() and len(part.read_bytes().splitlines()) >= 4):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 130, errors
    assert not Path("r.md").exists()
    kept = len(part.read_text(encoding="utf-8").splitlines()) - 1
    assert 3 <= kept < 40
    assert ringmain(*arguments).exit_code == 0
    assert not part.exists()
    assert Path("r.md").read_text(encoding="utf-8").count("Image 1 is") == 40


def test_a_page_that_fails_fails_the_command_but_not_the_file(ringmain: CommandLine) -> None:
    """The text of the page is there; the report says which page and why."""
    Path("r.pdf").write_bytes(pdf(2, pictures=("red",)))
    result = ringmain("read", "r.pdf", "-o", "r.md", "--model", "sandbox/fault-503")
    assert result.exit_code == 1
    assert "page 1, 2 could not be read" in result.stderr
    assert "page number 2" in Path("r.md").read_text(encoding="utf-8")


def test_speech_is_heard(ringmain: CommandLine) -> None:
    """What is spoken into a file is written down: as text, JSON or subtitles."""
    assert ringmain("speak", "hello ring main", "-o", "h.wav").exit_code == 0
    with wave.open("h.wav") as found:
        assert found.getnframes() > 0
    assert ringmain("transcribe", "h.wav").stdout.strip() == "hello ring main"
    for form, start in (
        ("json", "{"),
        ("srt", "1\n00:00:0"),
        ("vtt", "WEBVTT\n\n00:00:0"),
        ("text", "hello"),
    ):
        assert ringmain("transcribe", "h.wav", "--format", form, "-o", f"out-{form}").exit_code == 0
        (written,) = Path().glob(f"out-{form}.*")
        assert written.read_text(encoding="utf-8").startswith(start)


def test_many_texts_are_spoken(ringmain: CommandLine) -> None:
    """Texts that are piped in are lines of their own with --from."""
    result = ringmain("speak", "--from", "-", "-o", "said", piped="one\ntwo\n")
    assert result.exit_code == 0, result.output
    assert listed("said") == ["one.wav", "two.wav"]


def test_vectors_are_json_lines(ringmain: CommandLine) -> None:
    """With their texts, on standard output or in a file."""
    lines = ringmain("embed", "a", "b", "--dimensions", "4").stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert [(one["text"], len(one["embedding"])) for one in found] == [("a", 4), ("b", 4)]
    assert ringmain("embed", "a", "-o", "v.jsonl", "--dimensions", "4").exit_code == 0
    assert json.loads(Path("v.jsonl").read_text(encoding="utf-8")) == found[0]


def test_nothing_given_is_a_usage_error(ringmain: CommandLine) -> None:
    """Each command says what it needs."""
    for name in ("image", "speak", "embed"):
        assert ringmain(name, piped="").exit_code == 2
    for name in ("read", "transcribe", "inspect"):
        assert "no file is given" in ringmain(name).stderr
    missing = ringmain("image", "--from", "nowhere.txt")
    assert (missing.exit_code, "cannot read nowhere.txt" in missing.stderr) == (2, True)


def test_a_gateway_that_is_away_is_said_in_one_line(process_of: Lines, tmp_path: Path) -> None:
    """As by every command."""
    result = process_of("127.0.0.1:1")(
        "image", "x", "-o", str(tmp_path / "x.png"), "--model", "sandbox/image"
    )
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_display() -> None:
    """A picture is shown by the protocol that the terminal speaks, in pieces that it takes."""
    from ringmain_server.cli.display import picture, protocol

    assert protocol({"TERM": "xterm-kitty"}) == "kitty"
    assert protocol({"TERM_PROGRAM": "iTerm.app"}) == "iterm"
    assert protocol({"TERM_PROGRAM": "iTerm.app", "TMUX": "1"}) == ""
    assert protocol({"TERM": "xterm"}) == ""
    file = io.BytesIO()
    Image.effect_noise((128, 128), 64).save(file, "PNG")
    shown = picture(file.getvalue(), "kitty")
    pieces = shown.strip().split("\x1b\\")[:-1]
    assert pieces[0].startswith("\x1b_Ga=T,f=100,m=1;")
    assert pieces[-1].startswith("\x1b_Gm=0;")
    assert max(len(piece) for piece in pieces) < 4200
    assert picture(b"x", "iterm").startswith("\x1b]1337;File=inline=1;size=1")


def test_help_of_every_command(ringmain: CommandLine) -> None:
    """Each has one."""
    for name in ("image", "inspect", "see", "read", "transcribe", "speak", "embed"):
        result = ringmain(name, "--help")
        assert (result.exit_code, "Usage" in result.stdout) == (0, True)
