"""Room 3, pure: the usage of several requests together."""

from collections.abc import Iterable

from ringmain.v1.usage_pb2 import Usage

_APART = frozenset({"audio_duration", "cost_nano_usd", "estimated"})
_COUNTS = tuple(field.name for field in Usage.DESCRIPTOR.fields if field.name not in _APART)


def total(usages: Iterable[Usage]) -> Usage:
    """Adds usages up. The cost of the sum is known if every cost is; the cost of no usages is zero."""
    found, cost, known = Usage(), 0, True
    for usage in usages:
        for name in _COUNTS:
            setattr(found, name, getattr(found, name) + getattr(usage, name))
        if usage.HasField("audio_duration"):
            heard = found.audio_duration.ToNanoseconds() + usage.audio_duration.ToNanoseconds()
            found.audio_duration.FromNanoseconds(heard)
        found.estimated = found.estimated or usage.estimated
        known = known and usage.HasField("cost_nano_usd")
        cost += usage.cost_nano_usd
    if known:
        found.cost_nano_usd = cost
    return found
