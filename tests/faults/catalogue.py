"""Tests, faults: the catalogue. One row for each fault, by sections 1 and 3 of the laws."""

from tests.faults.broken import BROKEN_ANSWERS, CONNECTIONS, SILENCES
from tests.faults.rejected import RATE_LIMITS, STATUSES
from tests.faults.rows import Row, Trial

CATALOGUE: tuple[Row, ...] = (*RATE_LIMITS, *STATUSES, *CONNECTIONS, *SILENCES, *BROKEN_ANSWERS)
"""Every row, in the order of the scorecard."""


def cases() -> tuple[tuple[Row, Trial], ...]:
    """Every trial of every row; their names are unique."""
    found = tuple((row, trial) for row in CATALOGUE for trial in row.trials)
    names = [case_name(row, trial) for row, trial in found]
    assert len(names) == len(set(names)), "two trials of a row have the same name"
    return found


def case_name(row: Row, trial: Trial) -> str:
    """A trial's name: the model at the gateway, and the provider's model at both upstreams."""
    return f"{row.name}.{trial.name}"
