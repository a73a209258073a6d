"""Tests, shapes: finds the shapes and writes them.

Every shape has:

* `about`: what is remarkable, in one sentence; `source`: where it was seen, as `OWNER/REPOSITORY PATH`,
  `OWNER/REPOSITORY#ISSUE` or the address of a page.
* `kind`, `model`, `settings`: who answers, by default the usual one of the wire.

and one or more forms:

* `whole`: a whole answer. `stream`: its events; a text is the data of an event, such as `[DONE]`, and a list
  is the lines of anything else, such as a comment. `asked` is the request, where the answer depends on it.
* `status`, `headers`, `body`: an answer that is an error; the body is a document or a text.
* `request`, `sent`: a request of the contract, and the body that was recorded for it.

An answer amounts to a `response` or to an `error`, both as `python -m tests.shapes` shows them. A shape whose
answer is already a golden file names it in `golden` and has nothing of its own but `about` and `source`.
The shapes of `openai_media`, `google_media` and `jobs` are golden files of these wires with a source; their
fields are those of the golden files.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_GOLDEN = FOLDER.parent / "golden"
CHATS = ("openai", "responses", "anthropic", "gemini", "vertex")
"""The wires of chats."""
MEDIA = ("openai_media", "google_media", "jobs")
"""The wires of images, speech, transcripts and vectors."""
FORMS = ("whole", "stream", "body", "request", "operation")
"""Fields of which every shape has one."""
_GOLDEN_FOLDERS = {"responses": "openai_responses", "gemini": "vertex", "google_media": "vertex_media"}
_TOLD = ("response", "error", "sent")
_WIDTH = 108


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape.

    Attributes:
        wire: The folder it is in.
        name: Its file's name.
        content: What is in the file, and in the golden file that it names.
    """

    wire: str
    name: str
    content: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.wire}/{self.name}"

    @property
    def path(self) -> Path:
        """Its file."""
        return FOLDER / self.wire / f"{self.name}.json"

    @property
    def wires(self) -> tuple[str, ...]:
        """The wires that it comes over; Google has two."""
        return tuple(self.content.get("wires", (self.wire,)))

    def over(self, wire: str) -> "Shape":
        """The same shape on another wire."""
        return Shape(wire, self.name, self.content)

    def save(self, **told: Any) -> None:
        """Writes the file with what its forms amount to."""
        kept = {name: value for name, value in self.content.items() if name not in _TOLD}
        before = {name: value for name, value in self.content.items() if name in _TOLD and name == "sent"}
        self.path.write_text(written({**kept, **before, **told}) + "\n", "utf-8")


@functools.cache
def shapes(*wires: str) -> tuple[Shape, ...]:
    """The shapes of some wires, or all."""
    return tuple(shape for wire in wires or (*CHATS, *MEDIA) for shape in _found(wire))


def exchanges(wire: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the shapes of a wire of media that are requests with their answers, and are no golden files."""
    for shape in shapes(wire):
        if "operation" in shape.content and "golden" not in shape.content:
            yield shape.name, dict(shape.content)


def _found(wire: str) -> Iterator[Shape]:
    for path in sorted((FOLDER / wire).glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        yield Shape(wire, path.stem, _completed(wire, content))


def _completed(wire: str, content: dict[str, Any]) -> dict[str, Any]:
    """A shape with the answer of the golden file that it names."""
    if "golden" not in content:
        return content
    folder = _GOLDEN_FOLDERS.get(wire, wire)
    golden = json.loads((_GOLDEN / folder / f"{content['golden']}.json").read_text("utf-8"))
    if wire in MEDIA:
        return {**golden, **content}
    names = {"answer": "whole", "messages": "stream", "body": "sent"}
    return {**{names.get(name, name): value for name, value in golden.items()}, **content}


def written(value: Any, indent: str = "") -> str:
    """A document as JSON with lines of a readable length, an event to a line where it fits."""
    line = json.dumps(value, ensure_ascii=_has_halves(value))
    if len(indent) + len(line) <= _WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = f"{indent}  "
    if isinstance(value, list):
        items = [f"{inner}{written(one, inner)}" for one in value]
        return "[\n" + ",\n".join(items) + f"\n{indent}]"
    pairs = [f"{inner}{json.dumps(name)}: {written(one, inner)}" for name, one in value.items()]
    return "{\n" + ",\n".join(pairs) + f"\n{indent}}}"


def _has_halves(value: Any) -> bool:
    """Whether there are halves of characters in it, which no file can hold but as escapes."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
