"""Text helpers, pure: shorten and escape texts that others chose before they are shown.

Callers choose names and providers choose messages. Before such a text goes into a status, a log line or an
event, it is cut to a length, and characters that cannot be printed are escaped.
"""

LIMIT = 200
"""The most characters of a text that a caller chose, such as the name of a model."""
MESSAGE_LIMIT = 1024
"""The most characters of a message, which may contain several such texts."""

_CUT = "…"


def excerpt(text: str, limit: int = LIMIT) -> str:
    """Returns a text cut to a length, with unprintable characters escaped.

    Lone surrogates are escaped too, since no protobuf message and no line of JSON can hold them.

    Args:
        text: A text that somebody else chose.
        limit: The most characters of the result.
    """
    if len(text) <= limit and text.isprintable():
        return text
    shown = text[:limit]  # cut before escaping, which would be slow for megabytes
    if not shown.isprintable():
        shown = "".join(one if one.isprintable() else repr(one)[1:-1] for one in shown)
    if len(text) > limit or len(shown) > limit:
        shown = shown[: limit - len(_CUT)] + _CUT
    return shown


def quoted(text: str) -> str:
    """Returns an excerpt in quotation marks, for use in messages."""
    return f"'{excerpt(text)}'"
