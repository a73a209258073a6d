"""Tests, live: what they consume is bounded, and told at the end."""

from dataclasses import dataclass

import pytest
from ringmain.v1.usage_pb2 import Usage

MOST_TOKENS = 20_000
"""Of one run, of every kind: some cents at most."""


@dataclass
class Spent:
    """What the run has consumed so far."""

    calls: int = 0
    tokens: int = 0
    nano_usd: int = 0
    unpriced: int = 0

    def add(self, usage: Usage) -> None:
        """Counts an answer, and ends the run when there were too many."""
        self.calls += 1
        self.tokens += usage.input_token_count + usage.output_token_count
        self.nano_usd += usage.cost_nano_usd
        self.unpriced += not usage.HasField("cost_nano_usd")
        if self.tokens > MOST_TOKENS:
            pytest.exit(f"the live tests consumed more than {MOST_TOKENS} tokens", returncode=1)


_SPENT = Spent()


@pytest.fixture
def spent() -> Spent:
    """What the run has consumed so far."""
    return _SPENT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tells what it cost."""
    if _SPENT.calls:
        dollars = f"{_SPENT.nano_usd / 1e9:.6f} US dollars"
        unpriced = f", {_SPENT.unpriced} of them without a known price" if _SPENT.unpriced else ""
        terminalreporter.write_line(
            f"Live: {_SPENT.calls} answers{unpriced}, {_SPENT.tokens} tokens, {dollars}"
        )
