"""Room 4, the sandbox, pure: writes a text for a regular expression, and matches one in bounded time.

The usual part of ECMA-262's syntax: literals, escapes, classes, groups, alternatives, quantifiers, anchors.
Look-around, back references and word boundaries are refused. A caller's expression never reaches `re`, whose
backtracking one expression can keep busy for hours.
"""

import string
from dataclasses import dataclass
from random import Random
from typing import assert_never

from ringmain_sandbox.budget import Budget

_REPEAT_LIMIT = 1000
_DEPTH_LIMIT = 50
_DIGITS = frozenset(string.digits)
_WORD = frozenset(string.ascii_letters + string.digits + "_")
_SPACE = frozenset(" \t\n\r\f\v")
_PLAIN = frozenset(string.ascii_letters + string.digits)
_PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}


class PatternError(ValueError):
    """An expression that is malformed, or beyond what is read here."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character in, or outside of, a set."""

    members: frozenset[str]
    inverted: bool = False

    def has(self, character: str) -> bool:
        """Whether the character matches."""
        return (character in self.members) != self.inverted

    def __or__(self, other: "Chars") -> "Chars":
        """One character of either: outside of a set, it is outside of what the other one does not have."""
        if not self.inverted and not other.inverted:
            return Chars(self.members | other.members)
        if self.inverted and other.inverted:
            return Chars(self.members & other.members, inverted=True)
        outside, inside = (self, other) if self.inverted else (other, self)
        return Chars(outside.members - inside.members, inverted=True)


@dataclass(frozen=True, slots=True)
class Sequence:
    """One node after the other."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several nodes."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A node several times; `most` None is without end."""

    node: "Node"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Anchor:
    """The start or the end of the text."""

    end: bool


Node = Chars | Sequence | Choice | Repeat | Anchor


class Pattern:
    """A parsed expression.

    Args:
        source: The expression.
        budget: What matching and writing may cost.

    Raises:
        PatternError: It is malformed, or beyond what is read here.
    """

    def __init__(self, source: str, budget: Budget) -> None:
        self._node = _Parser(source).parse()
        self._budget = budget

    def matches(self, text: str) -> bool:
        """Whether the expression is found in the text.

        Raises:
            TooInvolvedError: It takes too many steps to find out.
        """
        return bool(self._ends(self._node, text, frozenset(range(len(text) + 1))))

    def write(self, rng: Random, more: int = 0) -> str:
        """A text that likely matches: anchors within the expression may prevent it.

        Args:
            rng: Chooses.
            more: How often each quantifier exceeds its least.

        Raises:
            PatternError: A class is empty.
            TooInvolvedError: The text would be too long.
        """
        return self._write(self._node, rng, more)

    def _ends(self, node: Node, text: str, starts: frozenset[int]) -> frozenset[int]:
        """Where matches that begin at `starts` end: sets of positions instead of backtracking."""
        self._budget.spend(1 + len(starts))
        match node:
            case Chars():
                return frozenset(at + 1 for at in starts if at < len(text) and node.has(text[at]))
            case Anchor():
                return starts & {len(text) if node.end else 0}
            case Sequence():
                for part in node.nodes:
                    starts = self._ends(part, text, starts)
                return starts
            case Choice():
                return frozenset().union(*(self._ends(part, text, starts) for part in node.nodes))
            case Repeat():
                return self._repeated(node, text, starts)
            case _:
                assert_never(node)

    def _repeated(self, node: Repeat, text: str, starts: frozenset[int]) -> frozenset[int]:
        for _ in range(node.least):
            starts = self._ends(node.node, text, starts)
        found, fresh, times = starts, starts, node.least
        while fresh and (node.most is None or times < node.most):
            fresh = self._ends(node.node, text, fresh) - found
            found |= fresh
            times += 1
        return found

    def _write(self, node: Node, rng: Random, more: int) -> str:
        self._budget.spend()
        match node:
            case Chars():
                return _character(node, rng)
            case Anchor():
                return ""
            case Sequence():
                return "".join(self._write(part, rng, more) for part in node.nodes)
            case Choice():
                return self._write(rng.choice(node.nodes), rng, more)
            case Repeat():
                most = _REPEAT_LIMIT if node.most is None else node.most
                times = min(node.least + more, most)
                return "".join(self._write(node.node, rng, more) for _ in range(times))
            case _:
                assert_never(node)


def _character(chars: Chars, rng: Random) -> str:
    """One character of the set, a letter or a digit if it has any."""
    if chars.inverted:
        found = (_PLAIN - chars.members) or (_PRINTABLE - chars.members)
    else:
        found = (chars.members & _PLAIN) or chars.members
    if not found:
        raise PatternError("has an empty class")
    return rng.choice(sorted(found))


class _Parser:
    """Reads an expression from left to right."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._depth = 0

    def parse(self) -> Node:
        node = self._choice()
        if self._at < len(self._source):
            raise PatternError("has a closing parenthesis too many")
        return node

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise PatternError("ends too early")
        self._at += 1
        return character

    def _skip(self, expected: str) -> bool:
        if self._source.startswith(expected, self._at):
            self._at += len(expected)
            return True
        return False

    def _choice(self) -> Node:
        branches = [self._sequence()]
        while self._skip("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self) -> Node:
        nodes = []
        while self._peek() not in ("", "|", ")"):
            nodes.append(self._quantified(self._atom()))
        return Sequence(tuple(nodes))

    def _atom(self) -> Node:
        match character := self._take():
            case "(":
                return self._group()
            case "[":
                return self._class()
            case ".":
                return Chars(frozenset("\n\r"), inverted=True)
            case "^" | "$":
                return Anchor(end=character == "$")
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise PatternError("has a quantifier after nothing")
        return Chars(frozenset(character))

    def _group(self) -> Node:
        self._depth += 1
        if self._depth > _DEPTH_LIMIT:
            raise PatternError("is nested too deeply")
        if not self._skip("?:") and self._peek() == "?":
            raise PatternError("uses a group of a kind that the sandbox does not read")
        node = self._choice()
        if not self._skip(")"):
            raise PatternError("lacks a closing parenthesis")
        self._depth -= 1
        return node

    def _escape(self) -> Chars:
        character = self._take()
        if (members := _CLASSES.get(character.lower())) is not None:
            return Chars(members, inverted=character.isupper())
        if character in "xu":
            return Chars(frozenset(self._code(2 if character == "x" else 4)))
        if character in _CONTROLS:
            return Chars(frozenset(_CONTROLS[character]))
        if character.isalnum():
            raise PatternError(f"uses \\{character}, which the sandbox does not read")
        return Chars(frozenset(character))

    def _code(self, digits: int) -> str:
        code = self._source[self._at : self._at + digits]
        if len(code) < digits or not all(digit in string.hexdigits for digit in code):
            raise PatternError("has a malformed code point")
        self._at += digits
        return chr(int(code, 16))

    def _class(self) -> Chars:
        inverted = self._skip("^")
        found = Chars(frozenset())
        while not self._skip("]"):
            found |= self._members()
        return Chars(found.members, found.inverted != inverted)

    def _members(self) -> Chars:
        low = self._member()
        if self._peek() != "-" or self._source[self._at + 1 : self._at + 2] in ("", "]"):
            return low
        self._take()
        high = self._member()
        first, last = low.members, high.members
        if low.inverted or high.inverted or len(first) != 1 or len(last) != 1 or min(last) < min(first):
            raise PatternError("has a malformed range")
        return Chars(frozenset(map(chr, range(ord(min(first)), ord(min(last)) + 1))))

    def _member(self) -> Chars:
        character = self._take()
        if character != "\\":
            return Chars(frozenset(character))
        if self._skip("b"):
            return Chars(frozenset("\b"))
        return self._escape()

    def _quantified(self, node: Node) -> Node:
        match self._peek():
            case "*":
                least, most = 0, None
            case "+":
                least, most = 1, None
            case "?":
                least, most = 0, 1
            case "{":
                return self._counted(node)
            case _:
                return node
        self._take()
        self._skip("?")  # a lazy quantifier matches the same texts
        return Repeat(node, least, most)

    def _counted(self, node: Node) -> Node:
        end = self._source.find("}", self._at)
        low, comma, high = self._source[self._at + 1 : max(end, 0)].partition(",")
        if end - self._at > 12 or not low.isdecimal() or not (high or "0").isdecimal():
            raise PatternError("has a malformed quantifier")
        self._at = end + 1
        self._skip("?")
        most = (int(high) if high else None) if comma else int(low)
        if max(int(low), most or 0) > _REPEAT_LIMIT or (most is not None and most < int(low)):
            raise PatternError(f"has a quantifier that is malformed or above {_REPEAT_LIMIT}")
        return Repeat(node, int(low), most)
