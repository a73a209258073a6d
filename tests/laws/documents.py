"""Tests, laws: documents of answers, as they come over a wire."""

import json
from typing import Any

Documents = list[Any]
"""JSON documents: that of a whole answer, one for each event of a stream, or each answer of an exchange."""


class Unsayable(Exception):
    """A wire of messages cannot say it."""


def dumped(document: Any) -> bytes:
    """A document as Python writes it: with numbers that JSON has no word for, and halves of characters."""
    return b"[DONE]" if document == "[DONE]" else json.dumps(document).encode()


def sse(documents: Documents, *, named: bool = False) -> bytes:
    """Documents as events; bytes come as they are, and a list of texts as lines.

    Args:
        documents: The documents.
        named: Whether an event's type is also its name.
    """
    return b"".join(_event(document, named=named) for document in documents)


def _event(document: Any, *, named: bool) -> bytes:
    if isinstance(document, bytes):
        return document
    if _is_lines(document):
        return "".join(f"{line}\n" for line in document).encode() + b"\n"
    kind = document.get("type") if named and isinstance(document, dict) else None
    name = f"event: {kind}\n".encode(errors="replace") if isinstance(kind, str) else b""
    return name + b"data: " + dumped(document) + b"\n\n"


def _is_lines(document: Any) -> bool:
    return isinstance(document, list) and bool(document) and all(isinstance(line, str) for line in document)
