"""Tests of vectors out of the bytes of the wire."""

import struct

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st
from ringmain.v1.embedding_service_pb2 import Embedding
from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers.vertex import vectors, wire
from ringmain_server.providers.vertex.embedding import batches

NUMBERS = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=300)


@settings(max_examples=60)
@given(found=st.lists(NUMBERS, max_size=3))
def test_the_same_as_by_messages(found: list[list[float]]) -> None:
    """Vectors read from bytes are those that messages hold, negative zeros included."""
    predictions = [{"embeddings": {"values": one, "statistics": {"token_count": 3}}} for one in found]
    raw = ParseDict({"predictions": predictions}, wire.PredictResponse()).SerializeToString()
    read = vectors.predicted(raw, "gem")
    assert [one.embedding for one in read] == [Embedding(values=one) for one in found]
    assert [one.tokens for one in read] == [3] * len(found)


@pytest.mark.parametrize("numbers", [[], ["x"], [[1.0]], [None], [1.0, "x"]])
def test_no_vector(numbers: list[object]) -> None:
    """A list of other things than numbers is no vector."""
    document = {"predictions": [{"embeddings": {"values": numbers}}]}
    raw = ParseDict(document, wire.PredictResponse()).SerializeToString()
    with pytest.raises(MalformedAnswer):
        vectors.predicted(raw, "gem")


def test_no_message() -> None:
    """Bytes that are no message are malformed."""
    with pytest.raises(MalformedAnswer):
        vectors.predicted(b"\xff\xff", "gem")


def test_a_vector_of_usual_size() -> None:
    """A vector of 3,072 dimensions, whose length takes more than one byte, is what it was."""
    numbers = [float(index) for index in range(3072)]
    assert vectors.packed(numbers) == Embedding(values=numbers)


def test_numbers_that_do_not_fit() -> None:
    """A number that is not finite, in single precision at the latest, makes no vector."""
    for number in (1e300, float("nan"), float("-inf")):
        with pytest.raises(ValueError, match="finite"):
            vectors.packed([0.5, number])
    assert vectors.packed([3e38]).values[0] == pytest.approx(3e38)
    assert vectors.packed([struct.unpack("<f", struct.pack("<f", 0.1))[0]]) == Embedding(values=[0.1])


@settings(max_examples=100)
@given(
    texts=st.lists(st.text(max_size=30), min_size=1, max_size=40),
    most=st.integers(1, 9),
    tokens=st.integers(1, 40),
)
def test_batches(texts: list[str], most: int, tokens: int) -> None:
    """Batches hold every text in order, and none holds more than its limits unless it is one text."""
    found = list(batches(texts, most, tokens, len))
    assert [text for batch in found for text in batch] == texts
    assert all(len(batch) <= most for batch in found)
    assert all(sum(map(len, batch)) <= tokens or len(batch) == 1 for batch in found)
