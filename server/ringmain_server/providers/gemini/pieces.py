"""Room 4, pure: joins characters that were cut between the texts of this wire's documents.

Messages hold only whole characters, so texts are joined before a document becomes a message. A text continues
in the next part of the same kind, thought or answer, whichever document that part is in.
"""

from ringmain_server.providers.json_reader import Odd
from ringmain_server.text.surrogates import Joiner

Object = dict[str, object]


class Pieces:
    """Joins the texts of one answer."""

    __slots__ = ("_joiner", "_thought")

    def __init__(self) -> None:
        self._joiner = Joiner()
        self._thought = False

    def joined(self, document: Object) -> Object:
        """Returns a document whose texts have only whole characters.

        Args:
            document: The next document of the answer; it is changed.
        """
        # Nearly every document has whole characters and is not searched.
        if isinstance(document, Odd) or self._joiner.holds:
            candidates = document.get("candidates")
            for candidate in candidates if isinstance(candidates, list) else ():
                if isinstance(candidate, dict) and not candidate.get("index"):
                    self._candidate(candidate)
        return document

    def _candidate(self, candidate: Object) -> None:
        content = candidate.get("content")
        parts = content.get("parts") if isinstance(content, dict) else None
        found: list[object] = []
        for part in parts if isinstance(parts, list) else ():
            self._part(part, found)
        # Nothing follows, so a half that still waits is replaced.
        if candidate.get("finishReason"):
            self._replace_half(found)
        if found:
            candidate["content"] = {**(content if isinstance(content, dict) else {}), "parts": found}

    def _part(self, part: object, found: list[object]) -> None:
        text = part.get("text") if isinstance(part, dict) else None
        if not isinstance(part, dict) or not isinstance(text, str):
            self._replace_half(found)
            found.append(part)
            return
        thought = part.get("thought") is True
        # Half a character cannot continue in a part of the other kind.
        if thought != self._thought:
            self._replace_half(found)
        self._thought = thought
        found.append({**part, "text": self._joiner.feed(text)})

    def _replace_half(self, found: list[object]) -> None:
        """Adds a part with a replacement for half a character whose other half did not come."""
        if self._joiner.holds:
            found.append({"text": self._joiner.end(), "thought": self._thought})
