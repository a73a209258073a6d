"""Tests, shapes: `python -m tests.shapes NAME` shows what a shape amounts to; with `--write` its file has it.

What is written is what the translators make of the shape today, so read it before it is committed.
"""

import sys
from collections.abc import Sequence

from tests.shapes.outcomes import expected, outcomes
from tests.shapes.store import Shape, shapes, written


def main(arguments: Sequence[str]) -> int:
    """Shows the shapes whose names begin with one of the arguments; without any, those that are not right."""
    write = "--write" in arguments
    wanted = tuple(one for one in arguments if not one.startswith("--"))
    failed = 0
    for shape in shapes():
        if not wanted or str(shape).startswith(wanted):
            failed += not _right(shape, write=write, told=bool(wanted))
    return 1 if failed else 0


def _right(shape: Shape, *, write: bool, told: bool) -> bool:
    right = True
    for form, found in outcomes(shape):
        fits = found == expected(shape, form)
        right = right and fits
        if told or not fits:
            print(f"{'' if fits else 'not '}as in the file: {form}: {written(found)}")
        if write and not fits and "golden" not in shape.content:
            shape.save(**found)
    return right


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
