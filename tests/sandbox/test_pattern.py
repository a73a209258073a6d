"""Regular expressions are written and matched in bounded time, and refused where they are not read."""

import re
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ringmain_sandbox.budget import StepBudget, TooInvolvedError
from ringmain_sandbox.pattern import Pattern, PatternError

READ = [
    *(r"^[A-Z]{3}-\d{4}$", r"^\w+@\w+\.[a-z]{2,4}$", r"^(?:red|green|blue)?$", r"^#[0-9a-fA-F]{6}$"),
    *(r"^\+?[1-9]\d{1,14}$", r"^[^abc]x*$", r"^.+\s\S$", r"^a{2}b{1,}c{0,3}?$", r"^(a|b)*c+?$", r"\D\W"),
    *(r"^\x41\u0042\n\t$", r"^[\d\-_.]+$", r"^[\]\\^-]+$", r"^a??$", r"^[\Da]$", r"^[^\w]$"),
    *(r"^[^\Da]$", r"^[\d\W]+$", r"^[\D\W]$"),
]


@pytest.mark.parametrize("source", READ)
@pytest.mark.parametrize("more", [0, 2])
def test_what_is_written_matches(source: str, more: int) -> None:
    """The text for an expression is found by it, here and by Python's own engine."""
    for seed in range(5):
        pattern = Pattern(source, StepBudget())
        text = pattern.write(Random(seed), more)
        assert pattern.matches(text)
        assert re.search(source, text)


@example(r"^[\Da]$", "\n")
@given(st.sampled_from(READ), st.text("abcxyzABC019-_ @.#+\n\t", max_size=8))
def test_matching_agrees_with_python(source: str, text: str) -> None:
    """Any text is matched as Python's engine does."""
    # Python's $ also stands before a last line feed, which ECMA-262 and JSON Schema do not say.
    expected = re.search(re.sub(r"(?<!\\)\$$", r"\\Z", source), text) is not None
    assert Pattern(source, StepBudget()).matches(text) == expected


@pytest.mark.parametrize(
    "source",
    [
        *(
            "(",
            ")",
            "a)",
            "[",
            "[a",
            "*",
            "a|+",
            "\\",
            r"\1",
            r"[\b]",
            "(?=a)",
            "(?!a)",
            "[]",
            "[^]",
            "\ud800",
        ),
        *(
            "a{2,1}",
            "a{5000}",
            "(a{40}){40}",
            r"\x4",
            r"\uzzzz",
            "[z-a]",
            r"[a-\d]",
        ),
    ],
)
def test_what_is_not_read_is_refused(source: str) -> None:
    """Malformed expressions and unread syntax are refused, not guessed at."""
    with pytest.raises(PatternError):
        Pattern(source, StepBudget())


def test_an_empty_class_cannot_be_written() -> None:
    """A class that leaves out every character of ASCII has none to write; one of control characters has."""
    with pytest.raises(PatternError):
        Pattern(r"[^\x00-\x7f]", StepBudget()).write(Random(0))
    assert Pattern(r"[^ -~]", StepBudget()).write(Random(0)).isspace()
    assert Pattern("[^a-zA-Z0-9]", StepBudget()).write(Random(0))


def test_half_of_a_surrogate_pair_never_matches() -> None:
    """A text that cannot be sent matches nothing, not even a class of surrogates."""
    pattern = Pattern(r"^[\ud800-\udbff]$", StepBudget())
    assert not pattern.matches(pattern.write(Random(0)))


def test_the_classic_trap_is_quick() -> None:
    """An expression that keeps a backtracking engine busy for ever is answered, or refused by its size."""
    assert not Pattern("^(a+)+$", StepBudget()).matches("a" * 40 + "!")
    with pytest.raises(TooInvolvedError):
        Pattern("^[ab]*a[ab]{900}$", StepBudget()).matches("ab" * 1000)
