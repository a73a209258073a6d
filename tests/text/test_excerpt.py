"""Texts of others are cut and escaped before they are told."""

import pytest
from ringmain_server.text.excerpt import LIMIT, excerpt, quoted


def test_a_short_printable_text_stays_as_it_is() -> None:
    """What is short and printable is told as it was written, in any script."""
    assert excerpt("größer 模型 🙂") == "größer 模型 🙂"
    assert quoted("smart") == "'smart'"


@pytest.mark.parametrize("fill", ["x", "\0", "é", "🙂", "\ud800", "\u2028", "\x1b[2J"])
def test_any_text_becomes_short_printable_and_encodable(fill: str) -> None:
    """Megabytes of anything become a few hundred characters that can be printed and encoded."""
    shown = excerpt(fill * 1_000_000)
    assert len(shown) <= LIMIT
    assert shown.isprintable()
    assert shown.endswith("…")
    assert shown.encode()


def test_what_cannot_be_printed_is_escaped() -> None:
    """A control character, a lone surrogate and a line's end are told by their escapes."""
    assert excerpt("a\0b\nc\ud800") == "a\\x00b\\nc\\ud800"
