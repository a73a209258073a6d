"""Conformance: the results of all languages as a table for a terminal, and as docs/conformance.md. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.markup import escape
from rich.table import Table

from tests.conformance.case import Case
from tests.conformance.languages import LANGUAGES, Language
from tests.conformance.runner import Outcome, Result

_MARKS = {Outcome.PASSED: "[green]✓[/]", Outcome.FAILED: "[red]✗[/]", Outcome.NOT_SERVED: "[dim]-[/]"}
_WORDS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.NOT_SERVED: "not served"}

HEAD = """\
# Conformance

Every client answers the same cases against the real service, whose providers are scripted. `make conformance`
runs them and writes this page; [tests/conformance](../tests/conformance/README.md) has the cases and says how
they are written.

"""
FIRST_TOKEN = """
## The first token

Seconds from `git clone` to the first streamed token, by the three commands of each language's guide, which
are read from it. The gateway is the same for all: it is set up once, in a clone of its own, until it has
streamed a token itself. Each language then clones anew, builds its client, and asks that gateway.
Packages come from where the machine has them, its caches or a registry; the times are those of the machine
that measured last.
`make conformance ARGS=--first-token` measures; without it the times stay as they are.

"""
GATEWAY = "gateway"
"""Stands in place of a language for the time that the gateway's own set-up takes."""
_TIMES = re.compile(r"^\| seconds \|(.*)\|$", re.MULTILINE)


def first_tokens(page: str) -> dict[str, float]:
    """The times that a page has, by language; the inverse of what `Report.page` writes."""
    found = _TIMES.search(page)
    words = [word.strip() for word in found[1].split("|")] if found else []
    names = [GATEWAY, *(language.name for language in LANGUAGES)]
    if len(words) != len(names):
        return {}
    return {name: float(word) for name, word in zip(names, words, strict=True) if word != "-"}


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a language.

    Attributes:
        language: Its.
        results: Of all cases; empty if it was not run.
        why: Why it was not run, or could not be.
        broken: Whether that is a failure.
    """

    language: Language
    results: Sequence[Result] = ()
    why: str = ""
    broken: bool = False

    @property
    def failed(self) -> bool:
        """Whether anything failed."""
        return self.broken or any(result.outcome is Outcome.FAILED for result in self.results)

    @property
    def by_case(self) -> Mapping[str, Result]:
        """The results by the name of the case."""
        return {result.case: result for result in self.results}

    @property
    def summary(self) -> str:
        """How many of those that are served passed."""
        if not self.results:
            return "-"
        served = [result for result in self.results if result.outcome is not Outcome.NOT_SERVED]
        passed = sum(result.outcome is Outcome.PASSED for result in served)
        return f"{passed} of {len(served)}"


@dataclass(frozen=True, slots=True)
class Report:
    """The results of all languages.

    Attributes:
        cases: Those that were run.
        runs: One for each language that was asked for.
        first_tokens: Seconds to the first token, by language, and of the gateway.
    """

    cases: Sequence[Case]
    runs: Sequence[Run]
    first_tokens: Mapping[str, float] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether anything failed."""
        return any(run.failed for run in self.runs)

    @property
    def whole(self) -> bool:
        """Whether every language was run."""
        return {run.language.name for run in self.runs if run.results} == {each.name for each in LANGUAGES}

    def table(self) -> Table:
        """For a terminal."""
        table = Table("case", *(run.language.title for run in self.runs))
        for name in self._names():
            table.add_row(name, *(_mark(run, name) for run in self.runs))
        table.add_section()
        table.add_row("passed", *(run.summary for run in self.runs))
        if self.first_tokens:
            label = f"seconds to the first token (gateway: {self._seconds(GATEWAY)})"
            table.add_row(label, *(self._seconds(run.language.name) for run in self.runs))
        return table

    def complaints(self) -> list[str]:
        """What went wrong, a line each, as rich's markup."""
        lines = [f"[bold]{run.language.title}[/]: {escape(run.why)}" for run in self.runs if run.why]
        for run in self.runs:
            for result in run.results:
                title = f"[red]{run.language.title}, {result.case}[/]"
                lines += [f"{title}: {escape(problem)}" for problem in result.problems]
        return lines

    def page(self) -> str:
        """docs/conformance.md; languages that were not run have their column too."""
        runs = {run.language.name: run for run in self.runs}
        columns = [runs.get(language.name, Run(language)) for language in LANGUAGES]
        rows = [["case", *(run.language.title for run in columns)]]
        rows += [[f"`{name}`", *(_word(run, name) for run in columns)] for name in self._names()]
        rows.append(["**passed**", *(run.summary for run in columns)])
        times = [["", "gateway, once", *(language.title for language in LANGUAGES)]]
        names = [GATEWAY, *(language.name for language in LANGUAGES)]
        times.append(["seconds", *(self._seconds(name) for name in names)])
        return HEAD + _markdown(rows) + FIRST_TOKEN + _markdown(times) + "\n" + self._glossary()

    def _names(self) -> list[str]:
        names = [case.name for case in self.cases]
        extra = [result.case for run in self.runs for result in run.results if result.case not in names]
        return [*names, *dict.fromkeys(extra)]

    def _seconds(self, name: str) -> str:
        seconds = self.first_tokens.get(name)
        return "-" if seconds is None else f"{seconds:.0f}"

    def _glossary(self) -> str:
        lines = [f"* `{case.name}`: {case.about}" for case in self.cases]
        return "\n".join(["## What each case promises", "", *lines, ""])


def _mark(run: Run, name: str) -> str:
    result = run.by_case.get(name)
    return "[dim]·[/]" if result is None else _MARKS[result.outcome]


def _word(run: Run, name: str) -> str:
    result = run.by_case.get(name)
    return "-" if result is None else _WORDS[result.outcome]


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, f"|{'---|' * len(rows[0])}", *body, ""])
