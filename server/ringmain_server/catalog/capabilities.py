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
GOOGLE_STORAGE = 1003
_UNLISTED = {
    ALLOWED_DOMAINS: "web_search.allowed_domains",
    BLOCKED_DOMAINS: "web_search.blocked_domains",
    GOOGLE_STORAGE: "media.uri.gs",
}
UNLISTED: frozenset[int] = frozenset(_UNLISTED)
"""Features that are needed like capabilities, but are listed for no model."""
RESTRICTIONS: frozenset[int] = frozenset({ALLOWED_DOMAINS, BLOCKED_DOMAINS})
"""Restrictions of a web search, which are unlisted."""

WIRE_FEATURES: frozenset[int] = _WIRE_CAPABILITIES | UNLISTED
"""Features of a request that not every wire can carry."""

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
    """Returns the lower-case name of a capability, or of a feature that is unlisted."""
    if value in _UNLISTED:
        return _UNLISTED[value]
    name: str = Capability.DESCRIPTOR.values_by_number[value].name
    return name.removeprefix(_PREFIX).lower()
