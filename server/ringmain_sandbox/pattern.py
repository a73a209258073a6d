"""Sandbox, pure: writes a text for a regular expression, and matches one in linear time.

RE2 matches and rstr writes. A caller's expression never reaches the engine of `re`, which one expression can
keep busy for hours; rstr uses its parser alone. RE2 refuses what would need backtracking, and nested
repetitions of more than 1,000 in all.
"""

import math
import re
import warnings
from random import Random
from typing import TYPE_CHECKING, Protocol, TypeVar

import re2
from rstr.xeger import Xeger

from ringmain_sandbox.budget import StepBudget

if TYPE_CHECKING:
    from _typeshed import SupportsLenAndGetItem

Item = TypeVar("Item")

# rstr's parser is Python's. It warns of classes that a later version may read in another way, which is of no
# interest here, because RE2 decides what matches.
warnings.filterwarnings("ignore", r"Possible (nested set|set )", FutureWarning)

_MEMORY = 1 << 18
"""The bytes that RE2 may take for one expression."""
_COUNTS = re.compile(r"\{(\d{1,4})(?:,(\d{0,4}))?\}")
_RANGE = re.compile(r"(.)-(.)", re.DOTALL)
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\.|\(\?<", re.DOTALL)


class PatternError(ValueError):
    """An expression that is malformed, or that the sandbox does not read."""


class _Compiled(Protocol):
    """The part of RE2's expression that is used here."""

    def search(self, text: str) -> object | None:
        """Returns the first match."""
        ...


class Pattern:
    """A regular expression.

    Args:
        source: The expression.
        budget: Pays for matching and writing.

    Raises:
        PatternError: It is malformed, or beyond what RE2 reads.
        TooInvolvedError: It takes too much work.
    """

    def __init__(self, source: str, budget: StepBudget) -> None:
        self._source = source
        self._budget = budget
        self._size = _size(source)
        budget.spend(self._size // 8)
        self._compiled = _compiled(source)

    def matches(self, text: str) -> bool:
        """Whether the expression is found in the text.

        Raises:
            TooInvolvedError: It takes too much work to find out.
        """
        # RE2's slowest engine visits each part of the expression for each character.
        self._budget.spend(1 + len(text) * self._size // 250)
        try:
            return self._compiled.search(text) is not None
        except UnicodeEncodeError:  # half of a surrogate pair, which rstr writes for a class of them
            return False

    def write(self, rng: Random, more: int = 0) -> str:
        """Returns a text that likely matches: anchors within the expression may prevent it.

        Args:
            rng: Chooses the characters.
            more: The repetitions of each quantifier beyond its minimum.

        Raises:
            PatternError: rstr cannot write it.
            TooInvolvedError: The text would be too long.
        """
        cost = 1 + len(self._source) // 4
        # rstr lists each character of a range.
        listed = (ord(high) - ord(low) for low, high in _RANGE.findall(self._source))
        self._budget.spend(cost + sum(max(count, 0) for count in listed) // 16)
        writer = Xeger(_Choices(rng.getrandbits(64), more, self._budget, cost))
        try:
            return writer.xeger(_ESCAPED.sub(_in_python, self._source))
        except (re.error, LookupError, OverflowError, FutureWarning) as exc:
            raise PatternError("is one for which the sandbox writes no text") from exc


class _Choices(Random):
    """The choices that rstr makes, within a budget.

    Args:
        seed: Another seed makes other choices.
        more: The repetitions of each quantifier beyond its minimum.
        budget: Pays for each repetition.
        cost: The steps that one repetition takes.
    """

    def __init__(self, seed: int, more: int, budget: StepBudget, cost: int) -> None:
        super().__init__(seed)
        self._more = more
        self._budget = budget
        self._cost = cost

    def randint(self, a: int, b: int) -> int:
        """Returns how often a quantifier repeats: `more` than its minimum, up to its maximum."""
        times = min(a + self._more, max(a, b))
        self._budget.spend(times * self._cost)
        return times

    def choice(self, seq: "SupportsLenAndGetItem[Item]") -> Item:
        """Chooses a branch, or a character: a letter or digit if there is one, else a printable one.

        rstr lists the characters of some classes in the order of a set, which differs between processes.
        """
        self._budget.spend(1 + len(seq) // 16)
        characters = sorted(item for item in map(seq.__getitem__, range(len(seq))) if isinstance(item, str))
        plain = [item for item in characters if item.isascii() and item.isalnum()]
        plain = plain or [item for item in characters if item.isprintable()] or characters
        return super().choice(plain or seq)


def _size(source: str) -> int:
    """Returns about how many parts an expression has once RE2 has written out its counted repetitions."""
    counts = [int(number) for pair in _COUNTS.findall(source) for number in pair if number and number != "0"]
    repeated = math.prod(counts) if "){" in source else max(counts, default=1)
    return len(source) * min(repeated, 1000)


def _compiled(source: str) -> _Compiled:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.never_capture = True
    options.log_errors = False
    try:
        found: _Compiled = re2.compile(_ESCAPED.sub(_in_re2, source), options)
    except UnicodeEncodeError as exc:
        raise PatternError("has half of a surrogate pair") from exc
    except re2.error as exc:
        reason = exc.args[0].decode(errors="replace")
        raise PatternError(f"is one that the sandbox does not read: {reason}") from exc
    return found


def _in_re2(found: re.Match[str]) -> str:
    return f"\\x{{{found[1]}}}" if found[1] else found[0]


def _in_python(found: re.Match[str]) -> str:
    return "(?P<" if found[0] == "(?<" else found[0]
