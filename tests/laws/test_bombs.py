"""Laws: bombs of every format that is read are refused before they are decoded, soon and without memory."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ringmain_server.documents import DOCUMENT_TYPES
from ringmain_server.media.limits import IMAGE_TYPES
from ringmain_server.media.structure import READERS

from tests.fakes.document_bombs import DOCUMENT_BOMBS
from tests.fakes.image_bombs import BOMBS
from tests.laws.bomb_child import ways_in

MOST_WORK = 1.0
"""Of inflating 64 MiB of zeros, which a bomb has in store many times."""
MOST_BYTES = 5_000_000
_LEAST_BOMBS = 10
_ROOT = Path(__file__).parents[2]

ALL = {**BOMBS, **DOCUMENT_BOMBS}
Tried = Mapping[str, list[Mapping[str, Any]]]


@pytest.fixture(scope="module")
def tried() -> Tried:
    """What became of every bomb, by media type, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.laws.bomb_child", *ALL]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {kind: [line for line in lines if line["type"] == kind] for kind in ALL}


def test_every_format_that_is_read_has_its_bombs() -> None:
    """A format that is added has a reader of its structure, and joins the law."""
    assert set(READERS) == set(BOMBS) == set(IMAGE_TYPES)
    assert set(ALL) == set(DOCUMENT_TYPES)
    assert all(len(bombs) >= _LEAST_BOMBS for bombs in ALL.values())


@pytest.mark.slow
@pytest.mark.parametrize("mime_type", ALL)
def test_a_bomb_is_refused(mime_type: str, tried: Tried) -> None:
    """Whichever way it comes in, a bomb is MEDIA_INVALID for little work and under 5 MB of memory."""
    lines = tried[mime_type]
    assert len(lines) == len(ALL[mime_type]) * len(ways_in(mime_type))
    for line in lines:
        assert "; allowed: " in line["message"], line
        assert line["work"] < MOST_WORK, line
        assert line["bytes"] < MOST_BYTES, line
