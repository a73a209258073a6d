"""Room 4, pure: reads the sources of an answer: what it is grounded in, and what it recites.

https://ai.google.dev/gemini-api/docs/google-search,
https://ai.google.dev/api/generate-content#GroundingMetadata: the metadata comes with the end of an answer. It
lists sources (chunks), and says for stretches of the text (segments) which of them support it. A segment is
measured in bytes of UTF-8. Its end is wrong by two bytes now and then, and `partIndex` is never set, so the
text of a segment decides where it is.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import orjson
from ringmain.v1.content_pb2 import Citation, Part

from ringmain_server.operations.chat_events import ChatAssembler
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.provider_tools import WEB_SEARCH, page_of

_NAMES = {"web": WEB_SEARCH, "maps": "google_maps", "retrieved_context": "retrieval"}
"""Names of the tools that find each kind of source."""
_SUPPORTS = 1_000
"""Most supported segments of an answer that are read; real answers have some dozens."""
_CITATIONS = 10_000
"""Most citations of an answer."""
_RESULTS = 1_000
"""Most results of a tool, as the contract promises."""
_NEAR = 16
"""Bytes around its stated place in which a segment is looked for first."""

Place = tuple[int, int, int]
"""The key of a text, and where in it a cited statement begins and ends, in code points."""


class Sources:
    """Collects the sources of an answer, and the texts that they belong to.

    Args:
        assembler: Gets the citations at the end of the answer.
    """

    __slots__ = ("_assembler", "_grounding", "_recited", "_texts")

    def __init__(self, assembler: ChatAssembler) -> None:
        self._assembler = assembler
        self._texts: dict[int, list[str]] = {}
        self._grounding: wire.GroundingMetadata | None = None
        self._recited: dict[tuple[int, int, str], wire.Recitation] = {}

    @property
    def queries(self) -> int:
        """The number of web searches."""
        return sum(map(bool, self._grounding.web_search_queries)) if self._grounding is not None else 0

    def saw(self, piece: str, key: int) -> None:
        """Remembers a piece of a text."""
        self._texts.setdefault(key, []).append(piece)

    def read(self, candidate: wire.Candidate) -> None:
        """Remembers the sources that come with a message of the answer. The last list of sources counts."""
        if candidate.HasField("grounding_metadata"):
            found = candidate.grounding_metadata
            if self._grounding is None or len(found.grounding_chunks) or len(found.web_search_queries):
                self._grounding = found
        if candidate.HasField("citation_metadata"):
            for one in islice(candidate.citation_metadata.citations, _CITATIONS):
                self._recited.setdefault((one.start_index, one.end_index, one.uri), one)

    def finish(self, key: int, new_id: str, search: int | None) -> None:
        """Adds the citations, and what was found as a tool that the provider ran.

        Args:
            key: A new key.
            new_id: An id for the tool's call.
            search: The key of the web search that the answer shows already; None if it shows none.
        """
        if self._texts:
            places = _Places({key: "".join(pieces) for key, pieces in self._texts.items()})
            for place, citation in islice(self._cited(places), _CITATIONS):
                citation.start_index, citation.end_index = place[1:]
                self._assembler.citation(citation, place[0])
        if self._grounding is not None:
            self._found(self._grounding, key, new_id, search)

    def _cited(self, places: "_Places") -> Iterator[tuple[Place, Citation]]:
        if self._grounding is not None:
            chunks = self._grounding.grounding_chunks
            for support in islice(self._grounding.grounding_supports, _SUPPORTS):
                place = places.of(support.segment)
                for index in support.grounding_chunk_indices:
                    if 0 <= index < len(chunks) and (citation := source(chunks[index])) is not None:
                        yield place, citation
        for one in self._recited.values():
            place = places.of(wire.Segment(start_index=one.start_index, end_index=one.end_index))
            yield place, Citation(uri=one.uri, title=one.title)

    def _found(self, grounding: wire.GroundingMetadata, key: int, new_id: str, search: int | None) -> None:
        found = filter(None, map(source, islice(grounding.grounding_chunks, _RESULTS - 1)))
        results = list(map(_result, found))
        if page := grounding.search_entry_point.rendered_content:
            results.append(page_of(page))
        asked = _asked(grounding)
        if not results and not asked:
            return
        name = _name(grounding)
        if name == WEB_SEARCH and search is not None:
            key = search
        else:
            self._assembler.provider_tool_call(key, new_id, name)
            if asked:
                self._assembler.arguments(orjson.dumps(asked).decode(), key)
        for result in results:
            self._assembler.result(result, key)


def source(chunk: wire.GroundingChunk) -> Citation | None:
    """Returns a source without its place in the text; None if it is of an unknown kind."""
    match chunk.WhichOneof("chunk_type"):
        case "web":
            return Citation(uri=chunk.web.uri, title=chunk.web.title)
        case "maps":
            return Citation(uri=chunk.maps.uri, title=chunk.maps.title, quoted_text=chunk.maps.text)
        case "retrieved_context":
            found = chunk.retrieved_context
            page = max(found.rag_chunk.page_span.first_page, 0)
            return Citation(uri=found.uri, title=found.title, quoted_text=found.text, page_number=page)
    return None


def _result(citation: Citation) -> Part:
    """Returns a source as a result of the tool that found it."""
    found = Part(text=citation.quoted_text, citations=[citation])
    found.citations[0].quoted_text = ""
    return found


def _asked(grounding: wire.GroundingMetadata) -> dict[str, list[str]]:
    found = {
        "webSearchQueries": list(grounding.web_search_queries),
        "retrievalQueries": list(grounding.retrieval_queries),
    }
    return {name: queries for name, queries in found.items() if queries}


def _name(grounding: wire.GroundingMetadata) -> str:
    """Returns the name of the tool that found the sources."""
    if len(grounding.web_search_queries) or not len(grounding.grounding_chunks):
        return WEB_SEARCH
    return _NAMES.get(grounding.grounding_chunks[0].WhichOneof("chunk_type") or "", WEB_SEARCH)


class _Places:
    """Finds segments in the texts of an answer.

    Args:
        texts: The texts by their keys, in their order; at least one.
    """

    def __init__(self, texts: dict[int, str]) -> None:
        self._texts = [(key, text, text.encode()) for key, text in texts.items()]

    def of(self, segment: wire.Segment) -> Place:
        """Returns the place of a segment; the whole of the first text if it cannot be found."""
        start, end, wanted = segment.start_index, segment.end_index, segment.text.encode()
        for offset in self._offsets():
            for (key, text, raw), before in zip(self._texts, offset, strict=True):
                if _is_at(raw, start - before, end - before, wanted):
                    return _place(key, text, raw, start - before, end - before)
        return self._looked_for(start, wanted)

    def _offsets(self) -> Sequence[Sequence[int]]:
        """Returns where each text may begin: behind those before it, or at zero."""
        running, found = 0, []
        for _, _, raw in self._texts:
            found.append(running)
            running += len(raw)
        return (found,) if len(found) == 1 else (found, [0] * len(found))

    def _looked_for(self, start: int, wanted: bytes) -> Place:
        if wanted:
            for key, text, raw in self._texts:
                for margin in (0, _NEAR, len(raw)):
                    first, last = max(start - margin, 0), start + len(wanted) + margin
                    if (at := raw.find(wanted, first, last)) >= 0:
                        return _place(key, text, raw, at, at + len(wanted))
        return self._texts[0][0], 0, 0


def _is_at(raw: bytes, start: int, end: int, wanted: bytes) -> bool:
    """Whether bytes are those of a segment; without its text, whether they are whole characters."""
    if not 0 <= start < end <= len(raw):
        return False
    if wanted:
        return raw[start:end] == wanted
    return all(at == len(raw) or raw[at] & 0xC0 != 0x80 for at in (start, end))


def _place(key: int, text: str, raw: bytes, start: int, end: int) -> Place:
    if len(text) == len(raw):
        return key, start, end
    first = len(raw[:start].decode())
    return key, first, first + len(raw[start:end].decode())
