"""Gauges of the configured candidates, and of no other: callers may name any model."""

import os
from collections.abc import Mapping
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Gauge

MULTIPROCESS: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable by which several processes share files of metrics."""

Name = tuple[str, str]
"""A provider and its model."""


class CandidateGauge:
    """A number of each candidate.

    Args:
        name: Of the metric.
        description: For people.
        registry: Where it is collected.
        together: What the numbers of several processes make.
    """

    def __init__(
        self,
        name: str,
        description: str,
        registry: CollectorRegistry,
        together: Literal["livemax", "livesum"],
    ) -> None:
        self._gauge = Gauge(
            name, description, ["provider", "model"], registry=registry, multiprocess_mode=together
        )
        self._children: dict[Name, Gauge] = {}

    def follow(self, values: Mapping[Name, float]) -> None:
        """These are the candidates now, with their numbers; what is not among them is gone."""
        for gone in self._children.keys() - values.keys():
            self._children.pop(gone).set(0)
            if not os.environ.get(MULTIPROCESS):  # files of several processes cannot be taken back
                self._gauge.remove(*gone)
        for key, value in values.items():
            if key not in self._children:
                self._children[key] = self._gauge.labels(*key)
            self._children[key].set(value)

    def changed(self, key: Name, value: float) -> None:
        """A number has changed; that of another candidate is left out."""
        gauge = self._children.get(key)
        if gauge is not None:
            gauge.set(value)
