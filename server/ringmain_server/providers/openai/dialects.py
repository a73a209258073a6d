"""Room 4, pure: the dialect of a candidate, which is its kind's with what its model's knobs say instead."""

from dataclasses import replace
from typing import Any

from ringmain_server.catalog.knobs import Knobs
from ringmain_server.kinds.openai import BY_MODEL, Dialect


def dialect_of(dialect: Dialect, knobs: Knobs) -> Dialect:
    """Returns the form in which a model is asked. It is made once for each candidate.

    Args:
        dialect: The form of its kind.
        knobs: The knobs of the model; empty ones leave the choice to the kind.
    """
    # The words of knobs are those of the dialect: a test compares them.
    stated: dict[str, Any] = {name: word for name in BY_MODEL if (word := getattr(knobs, name))}
    return replace(dialect, **stated) if stated else dialect
