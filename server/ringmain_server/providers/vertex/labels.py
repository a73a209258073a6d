"""Room 4, pure: writes who a request is for, as labels of this wire.

https://cloud.google.com/vertex-ai/generative-ai/docs/labels: labels show in the project's bill. Names and
values have at most 63 characters, and those are small letters, digits, `_` and `-`.
"""

import re

from ringmain_server.candidate import Candidate
from ringmain_server.providers.pseudonyms import Attributed, user_hash
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.kinds import VERTEX

USER = "user_id"
"""The name of the label with the hash of the caller's end user."""

_LIMIT = 63
_OTHER = re.compile(r"[^a-z0-9_-]")
_NO_BEGINNING = re.compile(r"[^a-z]*")


def write(found: wire.GenerateContentRequest, request: Attributed, candidate: Candidate) -> None:
    """Writes the labels that the provider's configuration wants sent; the developer API takes none."""
    if candidate.kind != VERTEX:
        return
    if candidate.send_labels:
        for name, value in sorted(request.attribution.labels.items()):
            # A name begins with a letter; one without any letter has no counterpart.
            if written := _NO_BEGINNING.sub("", _plain(name), count=1):
                found.labels[written] = _plain(value)
    if hashed := user_hash(request, candidate):
        found.labels[USER] = hashed[:_LIMIT]


def _plain(text: str) -> str:
    """Returns a text in the characters that the wire takes; others become `_`."""
    return _OTHER.sub("_", text.lower())[:_LIMIT]
