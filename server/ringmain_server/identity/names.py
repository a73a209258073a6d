"""Identity, pure: the kinds of names that certificates have, and templates that names fill."""

import re
from collections.abc import Callable
from typing import Final, Literal

NameField = Literal["uri", "dns", "common_name", "email"]
"""The kinds of names: three of the subject alternative names, and the subject's common name."""

_PLACEHOLDER: Final = re.compile(r"\{([0-9]+)\}")


def placeholders(template: str) -> frozenset[int]:
    """Returns the numbers of the placeholders in a template, such as 1 for `team-{1}`."""
    return frozenset(int(number) for number in _PLACEHOLDER.findall(template))


def filled(template: str, part: Callable[[int], str]) -> str:
    """Returns a template in which each placeholder is replaced.

    Args:
        template: The template.
        part: Returns the text for a placeholder's number.
    """
    return _PLACEHOLDER.sub(lambda found: part(int(found[1])), template)
