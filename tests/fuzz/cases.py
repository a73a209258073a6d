"""Tests, fuzz: a case of the campaign of answers."""

import random
from dataclasses import dataclass, field

import grpc

from tests.fakes.jobs_server import JobsServer
from tests.fuzz.values import MARK
from tests.fuzz.wires import ENDPOINTS, Example, Given, Wire

REFUSED = 0.12
"""Share of cases that are refusals."""
_HELD = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


@dataclass(slots=True)
class Case:
    """One odd answer.

    Attributes:
        number: Decides, with the seed, everything about it.
        wire: Over which it comes.
        example: The request, and the good answer.
        rng: Where all choices come from.
        fate: What is done, from 0 to 1: a refusal, a change of shape, or a way to travel.
        status: Of a refusal.
        code: Of a refusal over gRPC.
        step: Which of the requests to the provider is answered oddly.
        once: Whether only the first of them is.
        safe: Whether a healthy candidate stands behind.
        told: What was done.
        asked: How many requests arrived.
        healthy: How many arrived at the candidate behind.
        truncated: Whether what was sent is certainly no whole answer.
        fails: Whether it says that the provider refused.
    """

    number: int
    wire: Wire
    example: Example
    rng: random.Random
    fate: float
    status: int
    code: grpc.StatusCode
    step: int
    once: bool
    safe: bool = False
    told: list[str] = field(default_factory=list)
    asked: int = 0
    healthy: int = 0
    truncated: bool = False
    fails: bool = False
    servers: dict[str, JobsServer] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether the gateway leaves the candidate alone afterwards, until a check passes."""
        held = self.code in _HELD if self.wire.provider in ENDPOINTS else self.status in (401, 403)
        return self.fate < REFUSED and held

    def answer(self, index: int) -> Given:
        """The good answer to one of the requests."""
        return self.example.answers[min(index, len(self.example.answers) - 1)]

    @property
    def mark(self) -> str:
        """By which an upstream knows it."""
        return f"{MARK}{self.number}{MARK}"

    def __str__(self) -> str:
        behind = "another candidate behind" if self.safe else "alone"
        return f"{self.wire.name}, {self.example.model}, {behind}: {'; '.join(self.told) or 'never asked'}"
