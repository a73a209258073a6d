"""Tests, faults: `python -m tests.faults [NAME …]` runs the catalogue and prints the scorecard.

With names, only the rows that begin so.
"""

import asyncio
import sys

from rich.console import Console

from tests.faults.catalogue import cases
from tests.faults.runner import run_catalogue
from tests.faults.scorecard import show


def main(names: tuple[str, ...]) -> int:
    """Returns the exit code: 0 when every trial passed."""
    chosen = [case for case in cases() if not names or case[0].name.startswith(names)]
    if not chosen:
        print(f"no fault begins with {' or '.join(names)}", file=sys.stderr)
        return 2
    result = asyncio.run(run_catalogue(chosen))
    terminal = Console()
    show(result, terminal if terminal.is_terminal else Console(width=160))
    return 0 if result.passed else 1


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
