"""Runs tests while a busy loop holds each core: `python -m tests.busy [--times N] [pytest's arguments]`.

What passes on a quiet machine alone is held to a time somewhere. This is `make test-busy`.
"""

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

_LOOP = "while True: pass"


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """Keeps so many processes busy until the end of the block."""
    loops = [subprocess.Popen([sys.executable, "-c", _LOOP]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code of the first run that failed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.busy", description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="how often the tests run")
    parser.add_argument("--loops", type=int, default=os.cpu_count() or 1, help="busy processes beside them")
    options, selected = parser.parse_known_args(arguments)
    command = [sys.executable, "-m", "pytest", "-m", "not live", *selected]
    with busy(options.loops):
        for number in range(1, options.times + 1):
            print(f"run {number} of {options.times}", flush=True)
            if code := subprocess.run(command, check=False).returncode:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
