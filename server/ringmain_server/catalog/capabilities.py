"""Catalog: capabilities by the names that configuration, data files and errors use."""

from ringmain.v1.model_service_pb2 import (
    CAPABILITY_AUDIO_INPUT,
    CAPABILITY_AUDIO_OUTPUT,
    CAPABILITY_CODE_EXECUTION,
    CAPABILITY_DOCUMENT,
    CAPABILITY_IMAGE_OUTPUT,
    CAPABILITY_JSON_SCHEMA,
    CAPABILITY_REASONING,
    CAPABILITY_TOOLS,
    CAPABILITY_VISION,
    CAPABILITY_WEB_SEARCH,
    Capability,
)

PROVIDER_TOOLS: frozenset[int] = frozenset({CAPABILITY_WEB_SEARCH, CAPABILITY_CODE_EXECUTION})
"""Tools that a provider runs itself."""

_WIRE_CAPABILITIES: frozenset[int] = PROVIDER_TOOLS | {
    CAPABILITY_AUDIO_INPUT,
    CAPABILITY_AUDIO_OUTPUT,
    CAPABILITY_IMAGE_OUTPUT,
}

CHAT_FEATURES: frozenset[int] = _WIRE_CAPABILITIES | {
    CAPABILITY_VISION,
    CAPABILITY_TOOLS,
    CAPABILITY_JSON_SCHEMA,
    CAPABILITY_REASONING,
    CAPABILITY_DOCUMENT,
}
"""Capabilities that extend chat. Every other capability is an operation of its own."""

ALLOWED_DOMAINS = 1001
BLOCKED_DOMAINS = 1002
_RESTRICTIONS = {ALLOWED_DOMAINS: "web_search.allowed_domains", BLOCKED_DOMAINS: "web_search.blocked_domains"}
RESTRICTIONS: frozenset[int] = frozenset(_RESTRICTIONS)
"""Restrictions of a web search: needed like capabilities, but listed for no model."""

WIRE_FEATURES: frozenset[int] = _WIRE_CAPABILITIES | RESTRICTIONS
"""Features of a chat that not every wire can carry."""

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
    """Returns the lower-case name of a capability, or of a restriction."""
    if value in _RESTRICTIONS:
        return _RESTRICTIONS[value]
    name: str = Capability.DESCRIPTOR.values_by_number[value].name
    return name.removeprefix(_PREFIX).lower()
