"""Telemetry: gauges for the configured candidates only, since callers may name any model."""

import os
from collections.abc import Mapping
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Gauge

MULTIPROCESS: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that names the folder in which several processes share metrics."""

Name = tuple[str, str]
"""A provider's id and its name of the model."""


class CandidateGauge:
    """A gauge with one value for each configured candidate.

    Args:
        name: The metric's name.
        description: The metric's description, for people.
        registry: The registry that collects it.
        together: How the values of several processes are combined.
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
        """Sets the values of all candidates; a candidate that is not among them is removed."""
        for gone in self._children.keys() - values.keys():
            self._children.pop(gone).set(0)
            if not os.environ.get(MULTIPROCESS):  # values in shared files cannot be removed
                self._gauge.remove(*gone)
        for key, value in values.items():
            if key not in self._children:
                self._children[key] = self._gauge.labels(*key)
            self._children[key].set(value)

    def changed(self, key: Name, value: float) -> None:
        """Sets the value of one candidate; ignores a candidate that is not followed."""
        gauge = self._children.get(key)
        if gauge is not None:
            gauge.set(value)
