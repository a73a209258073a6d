"""Text helpers, pure: rejoin characters that were cut in two between the pieces of a text.

A server that cuts a text by UTF-16 units or by bytes may send the first half of an emoji in one event of a
stream and the rest in the next: `JSON.stringify` writes such a half as an escape of its own. A protobuf
string cannot hold half a character, so a half waits here for the other one. It becomes U+FFFD if that never
comes, as https://infra.spec.whatwg.org/#scalar-value-string requires.

Raw text is WTF-8 (https://simonsapin.github.io/wtf-8): UTF-8 that may also hold halves of surrogate pairs,
and here also bytes that belong to no character.
"""

import re
from collections.abc import Iterable

_SURROGATES = re.compile(
    rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]|\xed[\xa0-\xbf][\x80-\xbf]", re.DOTALL
)
_HEAD = re.compile(rb"[\x80-\xbf]|\xed[\xb0-\xbf][\x80-\xbf]")
"""Matches a text that begins within a character."""
_TAIL = re.compile(
    rb"(?:\xed[\xa0-\xaf][\x80-\xbf]|[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z"
)
"""Matches the end of a text that ends within a character."""
_LONGEST = 3
"""The length in bytes of the longest incomplete character."""
_REPLACED = "\ufffd".encode()
_PAIR = 6
"""The length in bytes of a surrogate pair in WTF-8."""


class Cut(str):
    """A text that begins or ends within a character; as a string, it has U+FFFD for each half.

    Code that does not know of halves reads a valid text. Only a `Joiner` puts the halves together.

    Attributes:
        raw: The text in WTF-8.
    """

    __slots__ = ("raw",)

    raw: bytes

    @classmethod
    def of(cls, raw: bytes) -> str:
        """Makes a text from WTF-8: a plain string unless it begins or ends within a character."""
        text = repaired(raw)
        if _HEAD.match(raw) is None and not _rest(raw):
            return text
        cut = cls(text)
        cut.raw = raw
        return cut


class Joiner:
    """Joins the pieces of one text, so that every piece it returns has whole characters only."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    @property
    def holds(self) -> bool:
        """Whether half a character waits for the rest."""
        return bool(self._held)

    def feed(self, *pieces: str) -> str:
        """Adds pieces and returns the text that is complete so far."""
        if not self._held and not is_cut(pieces):
            return pieces[0] if len(pieces) == 1 else "".join(pieces)
        raw = b"".join((self._held, *map(_raw, pieces)))
        rest = _rest(raw)
        self._held = rest
        return repaired(raw[: len(raw) - len(rest)])

    def end(self) -> str:
        """Returns U+FFFD for a half whose other half never came; empty when nothing waits."""
        held, self._held = self._held, b""
        return repaired(held)


def is_cut(pieces: Iterable[str]) -> bool:
    """Whether one of these texts begins or ends within a character."""
    for piece in pieces:  # noqa: SIM110 - `any` with a generator takes several times as long
        if type(piece) is Cut:
            return True
    return False


def repaired(raw: bytes) -> str:
    """Returns a valid text from WTF-8: joins pairs and replaces stray bytes and halves by U+FFFD."""
    return _SURROGATES.sub(_joined, raw).decode("utf-8", "replace")


def _joined(found: re.Match[bytes]) -> bytes:
    if len(found[0]) != _PAIR:
        return _REPLACED
    pair = found[0].decode("utf-8", "surrogatepass")
    return pair.encode("utf-16-le", "surrogatepass").decode("utf-16-le").encode()


def _rest(raw: bytes) -> bytes:
    """Returns the incomplete character at the end of a text, or nothing."""
    found = _TAIL.search(raw[-_LONGEST:])
    return found[0] if found is not None else b""


def _raw(piece: str) -> bytes:
    return piece.raw if isinstance(piece, Cut) else piece.encode("utf-8", "surrogatepass")
