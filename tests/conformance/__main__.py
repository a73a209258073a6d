"""Conformance: `python -m tests.conformance` runs every case in every language; `--help` tells the rest."""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from tests.conformance.case import Case, cases
from tests.conformance.first_token import NoGuide, NoToken, gateway, of_language
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
from tests.conformance.report import GATEWAY, Report, Run, first_tokens
from tests.conformance.runner import run

PAGE = ROOT / "docs" / "conformance.md"


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
    parser.add_argument(
        "--page",
        type=Path,
        help=f"where the table is kept; default: {PAGE.name}, if every language was run",
    )
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


async def measure(languages: Sequence[Language]) -> tuple[dict[str, float], list[str]]:
    """The way to the first token: seconds by language and of the gateway, and what failed."""
    times: dict[str, float] = {}
    failures: list[str] = []
    try:
        async with gateway(languages[0]) as times[GATEWAY]:
            for language in languages:
                try:
                    times[language.name] = await of_language(language)
                except (NoGuide, NoToken) as exc:
                    failures.append(f"{language.title}, first token: {exc}")
    except (NoGuide, NoToken) as exc:
        failures.append(f"The guides' gateway: {exc}")
    return times, failures


async def conformance(
    options: argparse.Namespace, console: Console, tokens: Mapping[str, float]
) -> tuple[Report, bool]:
    """Runs what was asked for and prints it.

    Args:
        options: What was asked for.
        console: Where it is printed.
        tokens: Seconds to the first token, as they were measured last.

    Returns:
        The report, and whether all is well.
    """
    languages = [BY_NAME[name] for name in options.lang] if options.lang else LANGUAGES
    wanted = [case for case in cases() if not options.case or case.name in options.case]
    runs = []
    for language in languages:
        with console.status(f"{language.title}"):
            runs.append(await run_language(language, wanted))
    failures: list[str] = []
    if options.first_token:
        with console.status("The first token"):
            measured, failures = await measure([run.language for run in runs if not run.why])
        tokens = {**tokens, **measured}
    report = Report(wanted, runs, tokens)
    console.print(report.table(), *report.complaints(), *map(escape, failures), sep="\n")
    return report, not (report.failed or failures)


def main() -> None:
    """Exits with 1 if anything failed."""
    options = arguments(sys.argv[1:])
    page: Path = options.page or PAGE
    tokens = first_tokens(page.read_text(encoding="utf-8")) if page.exists() else {}
    report, good = asyncio.run(conformance(options, Console(), tokens))
    if options.page or (report.whole and not options.case):
        page.write_text(report.page(), encoding="utf-8")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
