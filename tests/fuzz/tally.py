"""Tests, fuzz: what many cases came to."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

MOST_SHOWN = 40
"""Failures that are told of one by one."""
MOST_OF_A_KIND = 3


@dataclass(slots=True)
class Failure:
    """A case that went wrong.

    Attributes:
        number: Of the case.
        what: What was tried.
        complaint: What is wrong.
    """

    number: int
    what: str
    complaint: str

    @property
    def kind(self) -> str:
        """Alike for failures that are likely one fault."""
        return "".join("0" if letter.isdigit() else letter for letter in self.complaint)[:80]


@dataclass(slots=True)
class Tally:
    """Counts of outcomes by row, and failures."""

    campaign: str
    seed: int
    rows: "defaultdict[str, Counter[str]]" = field(default_factory=lambda: defaultdict(Counter))
    failures: list[Failure] = field(default_factory=list)
    slowest: list[tuple[float, int, str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many cases there were."""
        return sum(sum(counts.values()) for counts in self.rows.values())

    def add(self, number: int, row: str, outcome: str, seconds: float) -> None:
        """Notes how a case ended."""
        self.rows[row][outcome] += 1
        self.slowest = sorted([*self.slowest, (seconds, number, row)], reverse=True)[:5]

    def fail(self, number: int, what: str, complaints: Iterable[str]) -> None:
        """Notes what is wrong with a case."""
        self.failures += [Failure(number, what, complaint) for complaint in complaints]

    def report(self) -> str:
        """A table, and the failures with the command that repeats each."""
        return "\n".join([*self._table(), *self._failures()])

    def _table(self) -> Iterable[str]:
        width = max(map(len, self.rows), default=0)
        for row, counts in sorted(self.rows.items()):
            told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
            yield f"  {row:{width}} {sum(counts.values()):6}  {told}"
        slow = ", ".join(f"{seconds:.1f} s case {number} ({row})" for seconds, number, row in self.slowest)
        yield f"  slowest: {slow}"

    def _failures(self) -> Iterable[str]:
        kinds: dict[str, list[Failure]] = defaultdict(list)
        for failure in self.failures:
            kinds[failure.kind].append(failure)
        shown = 0
        for alike in sorted(kinds.values(), key=len, reverse=True):
            yield f"WRONG, {len(alike)} alike:"
            for failure in alike[:MOST_OF_A_KIND]:
                shown += 1
                yield f"  case {failure.number}: {failure.complaint}\n    {failure.what}"
                if failure.number >= 0:
                    yield f"    {self.command(failure.number)}"
            if shown >= MOST_SHOWN:
                yield "  … and more"
                return

    def command(self, number: int) -> str:
        """What repeats a case."""
        return f"python -m tests.fuzz --only {self.campaign} --seed {self.seed} --case {number}"
