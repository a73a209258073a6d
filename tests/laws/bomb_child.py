"""Laws: tries bombs in a process of its own, where memory and time are those of the bombs alone.

    python -m tests.laws.bomb_child image/gif image/png

After a good file of each type went the same ways, prints a line of JSON for each bomb and way: the message,
how much work that was beside inflating 64 MiB of zeros, and by how many bytes the process grew at its peak.
"""

import gc
import io
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from ringmain_server.documents import open_document
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.canvas import Margins, mask_for, outpaint
from ringmain_server.media.inspection import inspect_image
from ringmain_server.media.limits import ModelLimits
from ringmain_server.media.prepare import prepare
from ringmain_server.media.transform import convert, upscale

from tests.fakes import pictures
from tests.fakes.document_bombs import DOCUMENT_BOMBS, GOOD
from tests.fakes.image_bombs import BOMBS
from tests.work import cpu, inflating

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
Way = Callable[[bytes], object]
UNIT = inflating()

IMAGE_WAYS: Mapping[str, Way] = {
    "inspect": lambda data: inspect_image(data, field="image"),
    "prepare": lambda data: prepare(data, ModelLimits(), field="image"),
    "prepare, smaller": lambda data: prepare(data, ModelLimits(max_long_side=16), field="image"),
    "mask": lambda data: mask_for(data, (8, 8), field="mask"),
    "margins": lambda data: outpaint(data, Margins(left=1), field="image"),
    "upscale": lambda data: upscale(data, 2, field="image"),
    "convert": lambda data: convert(data, "image/jpeg", field="image"),
}


def _read(data: bytes | BinaryIO) -> None:
    document = open_document(data)
    try:
        for number in range(1, document.page_count + 1):
            document.page(number)
    finally:
        document.close()


DOCUMENT_WAYS: Mapping[str, Way] = {
    "read": _read,
    "read from a file": lambda data: _read(io.BytesIO(data)),
}


def ways_in(mime_type: str) -> Mapping[str, Way]:
    """The ways that files of a type come in."""
    return DOCUMENT_WAYS if mime_type in GOOD else {**IMAGE_WAYS, **DOCUMENT_WAYS}


def main(mime_types: list[str]) -> None:
    """Tries all bombs of some types."""
    all_bombs = {**BOMBS, **DOCUMENT_BOMBS}
    bombs = {kind: {name: make() for name, make in all_bombs[kind].items()} for kind in mime_types}
    for kind, named in bombs.items():
        ways = ways_in(kind)
        for way in ways.values():
            _tried(way, good(kind))
        gc.collect()
        gc.freeze()
        for name, data in named.items():
            for called, way in ways.items():
                found = {"type": kind, "bomb": name, "way": called, **measured(way, data)}
                print(json.dumps(found), flush=True)


def good(mime_type: str) -> bytes:
    """A good file of a type; of HEIC, which nothing here writes, an AVIF."""
    if mime_type in GOOD:
        return GOOD[mime_type]()
    known = mime_type if mime_type not in {"image/heic", "image/heif"} else "image/avif"
    return pictures.of_kind(known)


def measured(way: Way, data: bytes) -> dict[str, object]:
    """What became of a file, and what that took."""
    _RESET.write_text("5")  # the peak is counted anew (proc(5))
    before, began = _memory("VmRSS"), time.process_time()
    message = _tried(way, data)
    work, grown = (time.process_time() - began) / UNIT, _memory("VmHWM") - before
    if work > 0.5:  # a neighbor may have taken its share: it is measured again, beside the unit
        work = cpu(lambda: _tried(way, data)) / inflating()
    return {"message": message, "work": work, "bytes": grown}


def _tried(way: Way, data: bytes) -> str:
    try:
        way(data)
    except MediaInvalid as exc:
        return exc.message
    return ""


def _memory(name: str) -> int:
    lines: Iterator[str] = (line for line in _STATUS.read_text().splitlines() if line.startswith(name))
    return int(next(lines).split()[1]) * 1024


if __name__ == "__main__":
    main(sys.argv[1:])
