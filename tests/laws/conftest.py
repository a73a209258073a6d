"""Tests, laws: the one gateway that they are tried on."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.laws.lab import Lab, lab


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def laboratory() -> AsyncIterator[Lab]:
    """A gateway over every wire, for all tests of this folder."""
    async with lab() as found:
        yield found


@pytest.fixture
def discreet(laboratory: Lab) -> "Discreet":
    """Looks for secrets in what a test brought about."""
    return Discreet(laboratory)


class Discreet:
    """Nothing secret may show: in an error, nor in what was logged meanwhile."""

    WORDS = ("sk-fake-key", "sk-ant-api03", "secret-project", "org-fake", "<html", "Traceback")
    """What upstreams say that is nobody's business."""

    def __init__(self, laboratory: Lab) -> None:
        self._lab = laboratory
        self._start = len(laboratory.gateway.lines.getvalue())

    def check(self, text: str) -> None:
        """Looks into a text and into the log.

        Args:
            text: All that a caller was told.
        """
        logged = self._lab.gateway.lines.getvalue()[self._start :]
        for secret in (*self._lab.secrets(), *self.WORDS):
            assert secret not in text
            assert secret not in logged
