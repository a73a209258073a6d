"""Outside the rooms, pure: texts that others chose, made fit to be told.

Callers choose names and providers choose messages. Before one of them gets into a status, a log line or an
event, it is cut, and what cannot be printed in it is escaped.
"""

LIMIT = 200
"""Most characters of a text that a caller chose, such as the name of a model."""
MESSAGE_LIMIT = 1024
"""Most characters of a message, which may hold several such texts."""

_CUT = "…"


def excerpt(text: str, limit: int = LIMIT) -> str:
    """The text, cut to a length, with escapes for what cannot be printed.

    Lone surrogates, which no protobuf message and no line of JSON can hold, are among what is escaped.

    Args:
        text: Chosen by somebody else.
        limit: Most characters of the result.
    """
    if len(text) <= limit and text.isprintable():
        return text
    shown = text[:limit]  # cut first: nobody pays for escaping megabytes
    if not shown.isprintable():
        shown = "".join(one if one.isprintable() else repr(one)[1:-1] for one in shown)
    if len(text) > limit or len(shown) > limit:
        shown = shown[: limit - len(_CUT)] + _CUT
    return shown


def quoted(text: str) -> str:
    """An excerpt in quotation marks, for messages."""
    return f"'{excerpt(text)}'"
