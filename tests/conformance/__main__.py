"""Conformance: `python -m tests.conformance` runs every case in every language; `--help` tells the rest."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.conformance.case import Case, cases
from tests.conformance.first_token import NoGuide, of_language
from tests.conformance.languages import (
    BY_NAME,
    LANGUAGES,
    REQUIRE_ALL,
    ROOT,
    BuildError,
    Language,
    build,
    required,
)
from tests.conformance.report import Report, Run
from tests.conformance.runner import run

PAGE = ROOT / "docs" / "conformance.md"
FIRST_TOKENS = ROOT / "build" / "first-tokens.json"


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser("conformance", description=__doc__)
    parser.add_argument(
        "--lang", action="append", choices=BY_NAME, help="only this language; may be repeated"
    )
    parser.add_argument("--case", action="append", help="only this case; may be repeated")
    parser.add_argument(
        "--first-token", action="store_true", help="also measure the way from git clone to the first token"
    )
    parser.add_argument("--page", type=Path, default=PAGE, help="where the table is kept")
    return parser.parse_args(given)


async def run_language(language: Language, wanted: Sequence[Case]) -> Run:
    """Builds a driver and asks it every case."""
    absent = language.absent()
    if absent:
        why = f"not run: {absent}" + (f", and {REQUIRE_ALL}=1" if required() else "")
        return Run(language, why=why, broken=required())
    try:
        await build(language)
    except BuildError as exc:
        return Run(language, why=f"its driver cannot be built:\n{exc}", broken=True)
    return Run(language, await run(wanted, language.command))


async def first_token(language: Language, console: Console) -> float | None:
    """Seconds to the first token; None where there is nothing to measure.

    Raises:
        RuntimeError: The guide's commands failed.
    """
    try:
        return await of_language(language)
    except NoGuide as exc:
        console.print(f"{language.title}: not measured: {exc}")
        return None


async def conformance(options: argparse.Namespace, console: Console) -> bool:
    """Runs what was asked for, prints it and keeps it. Returns whether all is well."""
    languages = [BY_NAME[name] for name in options.lang] if options.lang else LANGUAGES
    wanted = [case for case in cases() if not options.case or case.name in options.case]
    runs = []
    for language in languages:
        with console.status(f"{language.title}"):
            runs.append(await run_language(language, wanted))
    tokens: dict[str, float] = _kept()
    failures = []
    for language in languages if options.first_token else ():
        try:
            seconds = await first_token(language, console)
        except RuntimeError as exc:
            failures.append(f"{language.title}: {exc}")
            continue
        if seconds is not None:
            tokens[language.name] = seconds
    report = Report(wanted, runs, tokens)
    console.print(report.table(), *report.complaints(), *failures, sep="\n")
    if not options.case:
        _keep(tokens)
        options.page.write_text(report.page(), encoding="utf-8")
    return not (report.failed or failures)


def _kept() -> dict[str, float]:
    """What was measured before."""
    if not FIRST_TOKENS.exists():
        return {}
    kept: dict[str, float] = json.loads(FIRST_TOKENS.read_text(encoding="utf-8"))
    return kept


def _keep(tokens: dict[str, float]) -> None:
    FIRST_TOKENS.parent.mkdir(parents=True, exist_ok=True)
    FIRST_TOKENS.write_text(json.dumps(tokens), encoding="utf-8")


def main() -> None:
    """Exits with 1 if anything failed."""
    options = arguments(sys.argv[1:])
    sys.exit(0 if asyncio.run(conformance(options, Console())) else 1)


if __name__ == "__main__":
    main()
