"""Sandbox, pure: its tokens. A token is a word with the space before it."""

import re
from collections.abc import Iterator

# Bounded, so that no text makes an endless token; every character is in exactly one.
_TOKEN = re.compile(r"\s{0,16}\S{1,32}|\s{1,16}")


def pieces(text: str) -> Iterator[str]:
    """Yields the tokens of a text, in order. Joined, they are the text."""
    return (match.group() for match in _TOKEN.finditer(text))


def count(text: str) -> int:
    """Counts the tokens of a text."""
    return sum(1 for _ in _TOKEN.finditer(text))
