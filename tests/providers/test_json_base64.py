"""Large bytes within JSON, out and in."""

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.providers.json_base64 import (
    SMALL,
    Base64,
    BlobCutter,
    BlobTooLarge,
    Skeleton,
    pieces,
    plain,
    render,
    size,
)

LARGE = bytes(range(256)) * (SMALL // 128)


@given(st.binary(max_size=10), st.sampled_from(["", "data:image/png;base64,"]), st.booleans())
def test_what_is_rendered_is_what_json_says(data: bytes, prefix: str, large: bool) -> None:
    """A body in pieces is the same document, of the length that was announced."""
    blob = Base64(LARGE + data if large else data, prefix)
    body = {"a": [blob, 1, {"b": blob}], "c": "text"}
    rendered = render(body)
    whole = b"".join(pieces(rendered))
    assert whole == orjson.dumps(plain(body))
    assert size(rendered) == len(whole)
    assert len(rendered) == (5 if large else 1)


def test_only_leaves_stand_for_strings() -> None:
    """Anything else that JSON does not know is a mistake."""
    with pytest.raises(TypeError):
        render({"a": object()})


@given(
    st.lists(st.one_of(st.binary(max_size=40), st.none()), max_size=4),
    st.integers(min_value=1, max_value=50),
    st.booleans(),
)
def test_leaves_are_cut_out_wherever_the_network_cuts(
    blobs: list[bytes | None], step: int, spaced: bool
) -> None:
    """A document in pieces of any size becomes the same skeleton and the same bytes."""
    items = [
        {"b64_json": None if one is None else base64.b64encode(one).decode(), "p": '"b64_json": "AAAA"'}
        for one in blobs
    ]
    document = orjson.dumps({"data": items, "b64_jso": "x"})
    if spaced:
        document = document.replace(b'"b64_json":', b'"b64_json" : ')
    cutter = BlobCutter("b64_json")
    text = b"".join(cutter.feed(document[at : at + step]) for at in range(0, len(document), step))
    skeleton = cutter.end(text)
    found = skeleton.json()
    assert isinstance(found, dict)
    assert [skeleton.blob(item["b64_json"]) for item in found["data"]] == blobs
    assert all(item["p"] == '"b64_json": "AAAA"' for item in found["data"])


@pytest.mark.parametrize("text", ["!!!!", "AAA", "A===", "AA=A"])
def test_what_is_no_base64_is_none(text: str) -> None:
    """A string that cannot be decoded leaves nothing, and does not harm the document."""
    skeleton = Skeleton.of(orjson.dumps({"b64_json": text, "x": 1}), "b64_json")
    assert skeleton.json() == {"b64_json": "0", "x": 1}
    assert skeleton.blob("0") is None


def test_leaves_are_given_once() -> None:
    """The bytes are let go of when they are taken; numbers that stand for none give none."""
    skeleton = Skeleton.of(b'{"b64_json": "AAAA"}', "b64_json")
    assert Skeleton.of(skeleton, "b64_json") is skeleton
    assert skeleton.blob("0") == b"\0\0\0"
    assert [skeleton.blob(one) for one in ("0", "1", "x", None, 0)] == [None] * 5


def test_leaves_have_a_limit() -> None:
    """More than the limit is an error before it is all in memory."""
    with pytest.raises(BlobTooLarge):
        BlobCutter("b64_json", limit=2).feed(b'{"b64_json": "AAAA')


def test_a_document_that_ends_within_a_beginning() -> None:
    """What might have begun a leaf is given back at the end."""
    cutter = BlobCutter("b64_json")
    assert bytes(cutter.end(cutter.feed(b'["b64_'))) == b'["b64_'


@given(st.binary(min_size=1, max_size=90), st.integers(1, 9))
def test_escapes_within_a_leaf(data: bytes, step: int) -> None:
    """A leaf with escaped solidi and line breaks, as PHP and MIME write them, is read wherever it is cut."""
    text = base64.encodebytes(data).decode()
    written = orjson.dumps({"b64_json": text}).replace(b"/", b"\\/")
    cutter = BlobCutter("b64_json")
    found = b"".join(cutter.feed(written[at : at + step]) for at in range(0, len(written), step))
    skeleton = cutter.end(found)
    assert skeleton.blob(skeleton.json()["b64_json"]) == data  # type: ignore[index]


def test_a_number_of_a_leaf_is_small() -> None:
    """What stands in place of a leaf and is no number of one is none, however long."""
    assert Skeleton.of(b"{}", "b64_json").blob("9" * 5000) is None
