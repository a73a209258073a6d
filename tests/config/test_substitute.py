"""References to the environment in a file's values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.config.problems import Mistake
from ringmain_server.config.substitute import SubstitutionError, resolve, substitute

ENVIRON = {"NAME": "value", "EMPTY": "", "COUNT": "4", "NESTED": "${NAME}"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${NAME}", "value"),
        ("a-${NAME}-${COUNT}", "a-value-4"),
        ("${EMPTY}", ""),
        ("${EMPTY:-other}", "other"),
        ("${UNSET:-}", ""),
        ("${UNSET:-http://x:1/}", "http://x:1/"),
        ("${NAME:-other}", "value"),
        ("$${NAME}", "${NAME}"),
        ("$$$$", "$$"),
        ("5$ and $NAME", "5$ and $NAME"),
        ("${NESTED}", "${NAME}"),
    ],
)
def test_substitution(text: str, expected: str) -> None:
    """References are replaced once, defaults serve for unset and empty, two dollars make one."""
    assert substitute(text, ENVIRON) == expected


def test_unset_variable() -> None:
    """A variable that is unset and has no default is a mistake that says both ways out."""
    with pytest.raises(SubstitutionError, match="variable UNSET is not set") as caught:
        substitute("${UNSET}", ENVIRON)
    assert caught.value.hint == "set it, or write ${UNSET:-default}"


@pytest.mark.parametrize("text", ["${", "${}", "${1A}", "${NAME", "${NA ME}", "${NAME-x}"])
def test_malformed_reference(text: str) -> None:
    """A dollar sign and a brace that are no reference are a mistake."""
    with pytest.raises(SubstitutionError, match="malformed"):
        substitute(text, ENVIRON)


@given(st.text())
def test_escaped_text_comes_back(text: str) -> None:
    """Any text survives when its dollar signs are doubled."""
    assert substitute(text.replace("$", "$$"), {}) == text


@given(st.text(), st.text(alphabet=st.characters(exclude_characters="$")))
def test_a_value_is_taken_as_it_is(value: str, around: str) -> None:
    """What a variable holds is never searched for references."""
    assert substitute(f"{around}${{X}}{around}", {"X": value}) == f"{around}{value}{around}"


def test_resolve_reads_values_as_their_settings_expect() -> None:
    """A replaced string takes the type of its setting; any other string stays text."""
    tree: dict[str, object] = {
        "server": {"workers": "${COUNT}", "listen": "127.0.0.1:${COUNT}", "admin_listen": "${EMPTY}"},
        "models": {"m": {"candidates": ["a/${NAME}", {"provider": "a", "context_tokens": "${COUNT}"}]}},
    }
    resolved, mistakes = resolve(tree, ENVIRON)
    assert not mistakes
    assert resolved == {
        "server": {"workers": 4, "listen": "127.0.0.1:4", "admin_listen": None},
        "models": {"m": {"candidates": ["a/value", {"provider": "a", "context_tokens": 4}]}},
    }


def test_resolve_reports_every_mistake() -> None:
    """Every reference that cannot be followed is reported with its path."""
    _, mistakes = resolve({"server": {"listen": "${A}"}, "log": {"level": "${"}}, {})
    assert [mistake.keys for mistake in mistakes] == [("server", "listen"), ("log", "level")]
    assert isinstance(mistakes[0], Mistake)
