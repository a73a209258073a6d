"""Room 4, pure: finds the message in an error's body, wherever it stands.

Each wire documents one place for its message. Proxies, frameworks and other servers of the same wire use
others: a list or an object of errors, `detail`, `message`, or plain text.
"""

from collections.abc import Iterator, Mapping

from ringmain_server.providers.json_reader import NotJson, read

_TEXTS = (
    "message",
    "Message",
    "error",
    "detail",
    "details",
    "msg",
    "error_message",
    "errorMessage",
    "error_description",
    "description",
    "reason",
    "title",
)
_LISTS = ("errors", "issues", "violations", "fieldViolations")
_FIELDS = ("field", "loc", "path", "param", "property", "pointer", "source")
_REPORTS = ("errors", "detail", "message", "Message", "msg", "error_message")
_LEVELS = 5
_MOST = 20
"""Most texts that are joined."""
_LONGEST = 4096
_UNTOLD = frozenset({404, 410, 501})
"""Statuses whose plain text comes from a server or a proxy that does not know the URL."""


def words_of(document: object) -> str:
    """Returns the message of an error's document; empty if there is none."""
    found: dict[str, None] = {}
    for text in _texts(document, _LEVELS):
        found.setdefault(text)
        if len(found) == _MOST:
            break
    return "; ".join(found)


def plain_words(body: bytes, status: int) -> str:
    """Returns the message of a body that is plain text; empty if it is something else."""
    if status in _UNTOLD:
        return ""
    text = body[:_LONGEST].decode("utf-8", "replace").strip()
    return "" if text.startswith(("{", "[", "<")) else text


def told(body: bytes, status: int) -> str:
    """Returns the message of an error's body, whatever its form."""
    try:
        found = read(body)
    except NotJson:
        return plain_words(body, status)
    return words_of(found)


def report_of(document: object) -> object:
    """Returns the part that reports an error in a document that came as an answer; None if there is none.

    Args:
        document: A document without any field of an answer, possibly in a list of its own.
    """
    if isinstance(document, list) and len(document) == 1:
        document = document[0]
    if not isinstance(document, Mapping):
        return None
    if document.get("error") is not None:
        return document["error"]
    return document if any(document.get(name) for name in _REPORTS) else None


def _texts(value: object, levels: int) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip():
            yield value.strip()
    elif not levels:
        return
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, levels - 1)
    elif isinstance(value, Mapping):
        yield from _of_object(value, levels - 1)


def _of_object(value: Mapping[str, object], levels: int) -> Iterator[str]:
    about_input = any(value.get(name) for name in _FIELDS)
    for name in _TEXTS:
        for text in _texts(value.get(name), levels):
            yield _quoted(text) if about_input else text
    for name in _LISTS:
        inner = value.get(name)
        if isinstance(inner, Mapping):  # texts by field
            for field, said in inner.items():
                yield from (f"{field}: {_quoted(text)}" for text in _texts(said, levels))
        else:
            yield from _texts(inner, levels)


def _quoted(text: str) -> str:
    """Returns a text about an input, marked as a quotation.

    It may repeat what a caller wrote, so wordings in it must not make a candidate cool down for everybody.
    """
    return f'"{text}"'
