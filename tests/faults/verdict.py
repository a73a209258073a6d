"""Tests, faults: compares what a trial showed with what its row expects, and with the laws of all rows."""

import re
from collections.abc import Iterator
from itertools import pairwise

from tests.faults.probe import Heard, Report
from tests.faults.rows import USAGE, Side, cost_nano_usd, times

_LEAKS = re.compile(r"127\.0\.0\.1|https?://|\.invalid|sk-|nginx|Traceback|<html", re.IGNORECASE)
_WITH_DELAY = ("PROVIDERS_UNAVAILABLE", "PROVIDERS_RATE_LIMITED", "OVERLOADED")


def judge(report: Report) -> Report:
    """Fills in what is not as expected."""
    report.complaints = [*_outcomes(report), *_attempts(report)]
    return report


def _outcomes(report: Report) -> Iterator[str]:
    for call in report.calls:
        yield from _answer(report, call) if call.error is None else _error(report, call)
        if call.violation:
            yield f"the order of events: {call.violation}"


def _answer(report: Report, call: Heard) -> Iterator[str]:
    expect = report.trial.expect
    side = _side(report, call)
    if side is None or side not in expect.answered_by:
        yield f"answered by {call.provider_id!r}, not by {' or '.join(expect.answered_by) or 'anybody'}"
        return
    if call.text != expect.text:
        yield f"the text is {_compared(call.text, expect.text)}"
    if expect.discarded is not None and call.discarded != expect.discarded:
        yield "discards what it sent" if call.discarded else "does not declare void what it sent before"
    if not call.response.finish_reason:
        yield "has no finish reason"
    if expect.discarded is None:
        yield from _accounts(call, side)
    yield from _story(call)


def _accounts(call: Heard, side: Side) -> Iterator[str]:
    """Failover bills the model that answered, by the provider's own counts."""
    usage, counted = call.response.usage, USAGE[side]
    if (usage.input_token_count, usage.output_token_count) != (counted.prompt, counted.completion):
        yield f"usage {usage.input_token_count}+{usage.output_token_count} is not the {side}'s"
    if usage.cost_nano_usd != cost_nano_usd(side):
        yield f"the cost {usage.cost_nano_usd} is not {cost_nano_usd(side)}, the {side}'s"


def _story(call: Heard) -> Iterator[str]:
    attempts = call.response.route.attempts
    if not attempts or attempts[-1].HasField("error"):
        yield "the route's last attempt did not succeed"
    if any(not attempt.HasField("error") for attempt in attempts[:-1]):
        yield "an earlier attempt of the route did not fail"
    leak = next(filter(None, (_LEAKS.search(attempt.error.message) for attempt in attempts)), None)
    if leak:
        yield f"the route holds {leak[0]!r}"


def _error(report: Report, call: Heard) -> Iterator[str]:
    expect, error = report.trial.expect, call.error
    assert error is not None
    if expect.answered_by and not expect.or_error:
        yield f"ended {error.code.name} {error.reason} instead of an answer: {error.message}"
        return
    if (error.code, error.reason) != (expect.code, expect.reason):
        wanted = f"{expect.code.name} {expect.reason}"
        yield f"ended {error.code.name} {error.reason}, not {wanted}: {error.message}"
        return
    told = f"{error.message} {dict(error.metadata)}"
    if leak := _LEAKS.search(told):
        yield f"the error holds {leak[0]!r}"
    if not error.response_id:
        yield "the error has no response id"
    for name in expect.names:
        if name not in told:
            yield f"the error does not name {name!r}: {told}"
    if not expect.text.startswith(call.text):
        yield f"the text before the error is {_compared(call.text, expect.text)}"
    yield from _delay(report, call)


def _delay(report: Report, call: Heard) -> Iterator[str]:
    assert call.error is not None
    delay, bounds = call.error.retry_delay, report.trial.expect.retry_delay
    if delay is None and call.error.reason in _WITH_DELAY:
        yield "the error has no RetryInfo"
    if delay is not None and bounds is not None and not bounds.holds(delay):
        yield f"RetryInfo says {delay:g} s, not {bounds}"


def _attempts(report: Report) -> Iterator[str]:
    expect = report.trial.expect
    # How many attempts there were in such a row is checked over all of its trials, in `runner.py`.
    primary_bounds = times(0, int(expect.primary.most)) if report.row.may_give_up else expect.primary
    for side, bounds in ((Side.PRIMARY, primary_bounds), (Side.FALLBACK, expect.fallback)):
        count = len(report.arrived[side])
        if not bounds.holds(count):
            yield f"the {side} got {count} requests, not {bounds}"
    primary = report.arrived[Side.PRIMARY]
    gaps = [later.at - earlier.at for earlier, later in pairwise(primary)]
    if any(gap < expect.spacing for gap in gaps):
        yield f"the primary was asked again after {min(gaps):.3f} s, not {expect.spacing:g}"
    if expect.abandoned and not all(request.abandoned for request in primary):
        yield "the connection to the primary was not closed"


def _side(report: Report, call: Heard) -> Side | None:
    row, _, side = call.provider_id.rpartition(".")
    return Side(side) if row == report.row.name else None


def _compared(text: str, expected: str) -> str:
    """Where a text leaves what is expected."""
    same = next(
        (index for index, (one, other) in enumerate(zip(text, expected, strict=False)) if one != other),
        min(len(text), len(expected)),
    )
    return f"{len(text)} characters, not as expected from {same} on: {text[same : same + 30]!r}"
