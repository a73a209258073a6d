"""Tests of how the C library keeps memory: large blocks go back, unless the operator says otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHURN = """
import os
from ringmain_server.app.malloc import give_back_large_blocks, trim

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

told = give_back_large_blocks()
for _ in range(3):  # from the first of them on, glibc would keep them by itself
    bytearray(20_000_000)
before, blocks, between = resident(), [], []
for _ in range(4):
    blocks.append(b"x" * 20_000_000)
    between.append([os.urandom(600) for _ in range(400)])
blocks.clear()
print(told, resident() - before)
trim()
"""


def kept(**environ: str) -> tuple[bool, float]:
    """Whether a process told its C library, and the megabytes that 80 of them, let go of, left behind."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "COV"))}
    done = subprocess.run(
        [sys.executable, "-c", CHURN],
        env=others | environ,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    told, megabytes = done.stdout.split()
    return told == "True", float(megabytes)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: reads /proc, and tells glibc")
def test_large_blocks_go_back() -> None:
    """What large blocks took is the kernel's again although smaller ones lie between them."""
    told, megabytes = kept()
    assert told
    assert megabytes < 10


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: reads /proc")
def test_the_operators_word_goes_first() -> None:
    """Where the environment has a threshold of its own, nothing is changed."""
    told, megabytes = kept(MALLOC_MMAP_THRESHOLD_=str(32 << 20))
    assert not told
    assert megabytes > 40
