"""Texts as vectors: of length 1, the same for the same text, and near for near texts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_sandbox.vectors.vector import vector

TEXTS = st.text(min_size=1)


def _cosine(one: str, other: str, **wishes: str) -> float:
    left, right = vector(one, 1536), vector(other, 1536, **wishes)  # type: ignore[arg-type]
    return sum(a * b for a, b in zip(left, right, strict=True))


@given(TEXTS, st.integers(1, 64), st.sampled_from(["", "query", "document"]), st.integers())
def test_every_text_has_a_vector_of_length_one(text: str, count: int, purpose: str, seed: int) -> None:
    """Any text gets as many numbers as asked for, whose squares sum up to 1, and the same ones again."""
    found = vector(text, count, purpose=purpose, seed=seed)
    assert len(found) == count
    assert math.sqrt(sum(value * value for value in found)) == pytest.approx(1, abs=1e-5)
    assert vector(text, count, purpose=purpose, seed=seed) == found


@pytest.mark.parametrize("seed", [0, 1])
def test_a_text_whose_features_cancel_out(seed: int) -> None:
    """Where few dimensions leave nothing of a text, it still has a vector of its own direction."""
    found = [vector(text, 1, seed=seed)[0] for text in map(str, range(1000, 1050))]
    assert {abs(value) for value in found} == {1.0}
    assert len(set(found)) == 2


def test_near_texts_are_near() -> None:
    """Texts that share words are nearer than those that share letters, and those than strangers."""
    base = "the ring main feeds every house"
    same, alike, other = "the ring main feeds a house", "rings mainly feeding houses", "quarterly tax law"
    assert _cosine(base, base) == pytest.approx(1, abs=1e-5)
    assert _cosine(base, same) > 0.7 > _cosine(base, alike) > _cosine(base, other) + 0.1


def test_case_does_not_matter() -> None:
    """Upper and lower case are one text."""
    assert _cosine("Ring Main", "ring main") == pytest.approx(1, abs=1e-5)


def test_purpose_moves_a_little() -> None:
    """A query lies near its document, and not quite upon it."""
    assert 0.9 < _cosine("a red fox", "a red fox", purpose="query") < 0.9999


def test_seeds_are_different_spaces() -> None:
    """The same text under another seed is far away."""
    left, right = vector("a red fox", 512), vector("a red fox", 512, seed=1)
    assert abs(sum(a * b for a, b in zip(left, right, strict=True))) < 0.5
