"""Room 2, pure: names fields as the caller's request has them, where another request was made of it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from ringmain_server.errors import InvalidField


@contextmanager
def named(places: Mapping[re.Pattern[str], str]) -> Iterator[None]:
    """Changes the fields that violations name.

    Args:
        places: Maps the beginning of a path in the request that was made to its place in the caller's, which
            may refer to the pattern's groups.

    Raises:
        InvalidField: One was raised; its violations have other paths.
    """
    try:
        yield
    except InvalidField as exc:
        violations = [replace(one, field=_renamed(one.field, places)) for one in exc.violations]
        raise type(exc)(violations) from exc


def _renamed(field: str, places: Mapping[re.Pattern[str], str]) -> str:
    for pattern, place in places.items():
        if found := pattern.match(field):
            return found.expand(place) + field[found.end() :]
    return field
