"""Configuration: replaces `${NAME}` in a file's values.

`${NAME}` is the value of an environment variable, `${NAME:-default}` has a default for a variable that is
unset or empty, and `$$` is a dollar sign. A dollar sign before anything else stays as it is.
"""

import re
from collections.abc import Mapping

from ringmain_server.config import bounds, schema
from ringmain_server.config.problems import Keys, Mistake, cut
from ringmain_server.config.tree import Tree

_REFERENCE = re.compile(
    r"\$(?:(?P<escape>\$)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|(?P<bad>\{))",
    re.ASCII,
)


class SubstitutionError(ValueError):
    """A reference to the environment cannot be replaced.

    Attributes:
        hint: A correction.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class TextBudget:
    """The number of characters that the references of one document may still expand to."""

    def __init__(self, most: int = bounds.TEXT) -> None:
        self._left = most

    def take(self, text: str) -> str:
        """Returns the text and subtracts its length from the budget.

        Raises:
            SubstitutionError: The budget is exceeded.
        """
        self._left -= len(text)
        if self._left < 0:
            raise SubstitutionError(
                "has references to the environment that stand for too much text", "use fewer, or shorter ones"
            )
        return text


def substitute(text: str, environ: Mapping[str, str], budget: TextBudget | None = None) -> str:
    """Replaces each reference to the environment.

    Args:
        text: The text.
        environ: The environment.
        budget: Limits the text that references expand to.

    Raises:
        SubstitutionError: A variable without a default is unset, a reference is malformed, or the budget is
            exceeded.
    """
    budget = budget or TextBudget()

    def value(match: re.Match[str]) -> str:
        return budget.take(_value(match, environ))

    return _REFERENCE.sub(value, text)


def _value(match: re.Match[str], environ: Mapping[str, str]) -> str:
    if match["escape"]:
        return "$"
    if match["bad"]:
        raise SubstitutionError(
            "has a malformed reference to the environment",
            "write ${NAME} or ${NAME:-default}, and $$ for a dollar sign",
        )
    name, default = match["name"], match["default"]
    found = environ.get(name)
    if default is not None:
        return found or default
    if found is None:
        raise SubstitutionError(
            f"the environment variable {cut(name)} is not set",
            f"set it, or write ${{{cut(name)}:-default}}",
        )
    return found


def resolve(values: Tree, environ: Mapping[str, str]) -> tuple[Tree, list[Mistake]]:
    """Replaces the references in every string of a tree, in a new tree.

    A string with a replaced reference is converted to the type that its setting expects.
    """
    mistakes: list[Mistake] = []
    budget = TextBudget()

    def walk(value: object, keys: Keys) -> object:
        if isinstance(value, dict):
            return {key: walk(inner, (*keys, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, (*keys, index)) for index, inner in enumerate(value)]
        if isinstance(value, int) and abs(value) >= bounds.NUMBER:
            mistakes.append(Mistake(keys, "is a number that is too large"))
            return None
        if not isinstance(value, str) or "$" not in value:
            return value
        try:
            text = substitute(value, environ, budget)
        except SubstitutionError as error:
            mistakes.append(Mistake(keys, str(error), error.hint))
            return None
        return text if text == value else schema.typed(text, schema.at(keys))

    return {key: walk(inner, (key,)) for key, inner in values.items()}, mistakes
