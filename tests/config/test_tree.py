"""Trees of plain values: merging, and finding where a value came from."""

from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.config.problems import Place
from ringmain_server.config.tree import Source, Tree, depth, merge, place

_NAMES = st.sampled_from(["a", "b", "c"])
_LEAVES = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
TREES = st.dictionaries(
    _NAMES, st.recursive(_LEAVES, lambda inner: st.dictionaries(_NAMES, inner, max_size=3)), max_size=3
)


def test_merge_is_deep_and_replaces_lists() -> None:
    """Mappings merge, and lists are replaced whole."""
    merged = merge({"a": {"x": 1, "y": [1, 2]}, "b": 1}, {"a": {"y": [3]}, "b": {"z": 2}})
    assert merged == {"a": {"x": 1, "y": [3]}, "b": {"z": 2}}


@given(TREES)
def test_merging_nothing_changes_nothing(tree: Tree) -> None:
    """The empty tree is neutral on both sides."""
    assert merge({}, tree) == tree == merge(tree, {})


@given(TREES, TREES, TREES)
def test_merging_is_associative_where_shapes_agree(one: Tree, two: Tree, three: Tree) -> None:
    """The last tree's own values always win, whichever pair is merged first."""
    left, right = merge(merge(one, two), three), merge(one, merge(two, three))
    for merged in (left, right):
        assert merge(merged, three) == merged


@given(TREES, TREES)
def test_merging_changes_neither(one: Tree, two: Tree) -> None:
    """The inputs of a merge are left alone, also when the result is changed."""
    before = repr((one, two))
    merged = merge(one, two)
    for value in merged.values():
        if isinstance(value, dict):
            merge(value, {"new": 1})["new"] = 2
    assert repr((one, two)) == before


def test_depth() -> None:
    """Depth counts the keys that lead somewhere, through mappings and lists."""
    tree: Tree = {"a": [{"b": 1}]}
    assert depth(tree, ("a", 0, "b")) == 3
    assert depth(tree, ("a", 1, "b")) == 1
    assert depth(tree, ("a", "x")) == 1
    assert depth(tree, ("z",)) == 0


def test_place_prefers_the_last_source_that_knows_best() -> None:
    """A value was written where the last of the sources has it, else where its surroundings are."""
    first = Source("first", {"a": {"b": 1, "c": 2}}, lambda: {("a",): Place("first", 1)})
    second = Source("second", {"a": {"b": 3}}, lambda: {("a", "b"): Place("variable")})
    assert place([first, second], ("a", "b")) == Place("variable")
    assert place([first, second], ("a", "c")) == Place("first", 1)
    assert place([first, second], ("z",)) == Place("second")
