"""Characters that were cut between the pieces of a text: joined if both halves come, else U+FFFD."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.text.surrogates import Cut, Joiner, repaired

TEXTS = st.text(alphabet=st.sampled_from("aé你🙂\U0010ffff\ufffd \n"), max_size=12)


def units(text: str) -> list[bytes]:
    """A text as WTF-8 of each of its UTF-16 units."""
    wide = text.encode("utf-16-le", "surrogatepass")
    pairs = (wide[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(wide), 2))
    return [one.encode("utf-8", "surrogatepass") for one in pairs]


def pieces(whole: list[bytes], cuts: list[int]) -> list[str]:
    """The pieces between these cuts."""
    edges = sorted({0, len(whole), *(cut % (len(whole) + 1) for cut in cuts)})
    return [Cut.of(b"".join(whole[a:b])) for a, b in pairwise(edges)]


@given(TEXTS, st.lists(st.integers(0, 100), max_size=6), st.booleans())
def test_any_cutting_gives_the_text(text: str, cuts: list[int], by_bytes: bool) -> None:
    """However a text is cut, by UTF-16 units or by bytes, it is whole again, and no piece holds a half."""
    whole = [bytes((one,)) for one in text.encode()] if by_bytes else units(text)
    joiner = Joiner()
    found = [joiner.feed(piece) for piece in pieces(whole, cuts)]
    assert "".join(found) + joiner.end() == text
    for piece in found:
        piece.encode()  # raises for a half


@given(
    st.lists(st.sampled_from([b"a", b"\xed\xa0\xbd", b"\xed\xb9\x82", b"\xff", b"\xf0", b"\x9f", b"\xe4"]))
)
def test_nonsense_is_replaced_alike_however_cut(raw: list[bytes]) -> None:
    """Halves without their other half become U+FFFD, one each, wherever the pieces end."""
    joiner = Joiner()
    assert "".join(map(joiner.feed, map(Cut.of, raw))) + joiner.end() == repaired(b"".join(raw))


def test_whoever_knows_of_no_halves_reads_a_valid_text() -> None:
    """A piece that begins or ends within a character is a string with U+FFFD."""
    cut = Cut.of(b"\xed\xb9\x82 and \xed\xa0\xbd")
    assert (cut, isinstance(cut, Cut)) == ("\ufffd and \ufffd", True)
    assert type(Cut.of("whole 🙂".encode())) is str


def test_a_half_waits() -> None:
    """Half a character waits for the rest, also beyond empty pieces; without it, it is replaced."""
    joiner = Joiner()
    assert joiner.feed(Cut.of(b"a\xed\xa0\xbd")) == "a"
    assert joiner.feed("") == ""
    assert joiner.feed(Cut.of(b"\xed\xb9\x82"), "b") == "🙂b"
    assert not joiner.holds
    joiner.feed(Cut.of(b"\xed\xa0\xbd"))
    assert joiner.feed("c") == "\ufffdc"
    assert joiner.end() == ""
