"""Catalog: capabilities by the names that configuration, data files and errors use."""

from ringmain.v1.model_service_pb2 import (
    CAPABILITY_DOCUMENT,
    CAPABILITY_JSON_SCHEMA,
    CAPABILITY_REASONING,
    CAPABILITY_TOOLS,
    CAPABILITY_VISION,
    Capability,
)

CHAT_FEATURES = frozenset(
    {
        CAPABILITY_VISION,
        CAPABILITY_TOOLS,
        CAPABILITY_JSON_SCHEMA,
        CAPABILITY_REASONING,
        CAPABILITY_DOCUMENT,
    }
)
"""Capabilities that extend chat. Every other capability is an operation of its own."""

_PREFIX = "CAPABILITY_"


def capability(name: str) -> int:
    """Returns the value of a capability, given its lower-case name.

    Raises:
        ValueError: There is no such capability.
    """
    value = dict(Capability.items()).get(f"{_PREFIX}{name.upper()}") if name.islower() else None
    if not value:
        raise ValueError(f"no capability {name!r}")
    return value


def capability_name(value: int) -> str:
    """Returns the lower-case name of a capability."""
    name: str = Capability.DESCRIPTOR.values_by_number[value].name
    return name.removeprefix(_PREFIX).lower()
