"""Tests, faults: the scorecard, as a table for people."""

from collections.abc import Sequence
from itertools import groupby
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.faults.probe import Heard, Report
from tests.faults.rows import Side
from tests.faults.runner import Result


def show(result: Result, console: Console) -> None:
    """Prints the table, what is not as expected, and a summary."""
    console.print(_table(result.reports))
    for report in result.reports:
        for complaint in report.complaints:
            console.print(f"[red]{report.name}[/red]: {complaint}", soft_wrap=True, highlight=False)
    for line in result.uncounted:
        console.print(f"[red]accounting[/red]: {line}", highlight=False)
    console.print(_summary(result), highlight=False)


def _table(reports: Sequence[Report]) -> Table:
    table = Table(title="What providers do wrong, and what the caller sees", header_style="bold")
    for name in ("fault", "trial", "caller saw", "primary", "fallback"):
        table.add_column(name, overflow="fold")
    table.add_column("takeover", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for _, group in groupby(reports, key=lambda report: report.row.name):
        for index, report in enumerate(group):
            title = report.row.title if index == 0 else ""
            table.add_row(title, *_cells(report))
        table.add_section()
    return table


def _cells(report: Report) -> tuple[str, ...]:
    takeover = "" if report.takeover is None else f"{report.takeover * 1000:.0f} ms"
    return (
        report.trial.name,
        _seen(report.calls),
        _requests(report, Side.PRIMARY),
        _requests(report, Side.FALLBACK),
        takeover,
        "[green]pass[/green]" if report.passed else "[red]FAIL[/red]",
    )


def _seen(calls: Sequence[Heard]) -> str:
    """How each call ended; equal neighbours once."""
    outcomes = [(key, len(list(group))) for key, group in groupby(map(_outcome, calls))]
    slowest = max(call.seconds for call in calls)
    told = ", ".join(f"{count} times {what}" if count > 1 else what for what, count in outcomes[:4])
    more = f", and {len(outcomes) - 4} more changes" if len(outcomes) > 4 else ""
    return f"{told}{more} in {slowest * 1000:.0f} ms"


def _outcome(call: Heard) -> str:
    if call.error is not None:
        return f"{call.error.code.name} {call.error.reason}"
    side = call.provider_id.rpartition(".")[2]
    return f"answer of the {side}" + (" (restarted)" if call.discarded else "")


def _requests(report: Report, side: Side) -> str:
    """How many requests, and when the first ones came after the first call began, in milliseconds."""
    arrived = report.arrived[side]
    if not arrived:
        return "none"
    start = report.calls[0].start
    shown = " ".join(f"+{(request.at - start) * 1000:.0f}" for request in arrived[:3])
    return f"{len(arrived)}: {shown}{' …' if len(arrived) > 3 else ''}"


def _summary(result: Result) -> str:
    reports = result.reports
    rows = {report.row.name for report in reports}
    failed = {report.row.name for report in reports if not report.passed}
    takeovers = [report.takeover for report in reports if report.takeover is not None]
    passed = sum(report.passed for report in reports)
    counts = f"{len(rows) - len(failed)} of {len(rows)} faults pass, {passed} of {len(reports)} trials."
    if not takeovers:
        return counts
    return (
        f"{counts}\nFirst content of the fallback after the fault was known: "
        f"median {median(takeovers) * 1000:.1f} ms, "
        f"at most {max(takeovers) * 1000:.1f} ms."
    )
