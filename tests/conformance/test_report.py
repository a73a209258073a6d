"""Results become a table and a page."""

from rich.console import Console

from tests.conformance.case import Case
from tests.conformance.languages import BY_NAME, LANGUAGES, Language
from tests.conformance.report import GATEWAY, Report, Run, first_tokens
from tests.conformance.runner import Outcome, Result

CASES = [Case(name=name, about=f"{name}!", method="Chat", request={}, expect={}) for name in ("one", "two")]


def report(*runs: Run) -> Report:
    """A report of two cases."""
    return Report(CASES, runs, {GATEWAY: 40.2, "python": 12.4})


def shown(made: Report) -> str:
    """What a terminal shows."""
    console = Console(width=200, record=True, quiet=False, file=None)
    with console.capture() as capture:
        console.print(made.table(), *made.complaints(), sep="\n")
    return capture.get()


def test_a_run_without_failures() -> None:
    """Passed and unserved cases are no failure; the page has every language and what each case promises."""
    results = [Result("one", Outcome.PASSED), Result("two", Outcome.NOT_SERVED)]
    made = report(Run(BY_NAME["python"], results))
    assert not made.failed
    assert not made.whole, "other languages have results that this run must not wipe out"
    assert report(*(Run(language, results) for language in LANGUAGES)).whole
    page = made.page()
    assert "| case | Python | Go | TypeScript | Java | Rust | C++ |" in page
    assert "| `one` | ✓ | - |" in page
    assert "| `two` | not served | - |" in page
    assert "| **passed** | 1 of 1 | - |" in page
    assert "| seconds | 40 | 12 | - |" in page
    assert first_tokens(page) == {GATEWAY: 40, "python": 12}
    assert "* `one`: one!" in page
    assert "1 of 1" in shown(made)
    assert "first token (gateway: 40)" in shown(made)


def test_times_of_another_page() -> None:
    """A page without times, or with those of other languages, has none to keep."""
    assert first_tokens("") == {}
    assert first_tokens("| seconds | 1 | 2 |\n") == {}


def test_a_failure_is_explained() -> None:
    """A failed case fails the report and says why, whatever characters the reason has."""
    results = [
        Result("one", Outcome.FAILED, ("it is [x], not [y]",)),
        Result("the-driver-ends", Outcome.PASSED),
    ]
    made = report(Run(BY_NAME["go"], results))
    assert made.failed
    text = shown(made)
    assert "Go, one: it is [x], not [y]" in text
    assert "the-driver-ends" in text


def test_a_language_that_was_not_run() -> None:
    """An absent language is no failure unless it must be there."""
    made = report(Run(BY_NAME["java"], why="not run: it needs mvn"))
    assert not made.failed
    assert "Java: not run: it needs mvn" in shown(made)
    assert report(Run(BY_NAME["java"], why="x", broken=True)).failed


def test_what_a_language_needs() -> None:
    """A language says what is missing for it."""
    assert "clients/cobol is not there" in Language(name="cobol", title="COBOL").absent()
    absent = Language(name="python", title="Python", needs=("no-such-tool", "make"))
    assert absent.absent() == "it needs no-such-tool"
    assert BY_NAME["python"].absent() == ""
    assert BY_NAME["go"].command[0].endswith("build/drivers/go")
