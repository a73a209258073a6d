"""Catalog, pure: the keys under which the data files know a model, whatever a host calls it."""

import re
from collections.abc import Iterator

_BEDROCK = re.compile(r"(?:[a-z-]+\.)?anthropic\.(.+?)(?:-v\d+(?::\d+)?)?")
_SNAPSHOT = re.compile(r"-(?:20\d\d-\d\d-\d\d|20\d{6}|\d{3,4}|latest|preview-\d\d-(?:\d\d|20\d\d)|free)$")
"""Suffixes of snapshots, and OpenRouter's suffix of free use."""
_SEPARATORS = str.maketrans(":@._", "----")


def keys(name: str) -> Iterator[str]:
    """Yields the keys under which a name may be known, the most exact first."""
    plain = name.split(":")[1] if name.startswith("ft:") else name
    plain = plain.rpartition("/")[2].lower()
    bedrock = _BEDROCK.fullmatch(plain)
    key = model_key(bedrock[1] if bedrock else plain)
    yield key
    snapshot = _SNAPSHOT.search(key)
    if snapshot is not None:
        yield key[: snapshot.start()]


def model_key(name: str) -> str:
    """Returns a key that all hosts' names of a model share. Dated snapshots are models of their own.

    It is the name without its vendor, its case and its separators.
    """
    return name.rpartition("/")[2].lower().translate(_SEPARATORS)
