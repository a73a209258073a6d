"""Room 4, the pure side of `anthropic`: reads the citations of a text.

https://platform.claude.com/docs/en/build-with-claude/citations describes those of documents,
https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool and
https://platform.claude.com/docs/en/build-with-claude/search-results those of results of a search. A
citation of this wire holds for the whole text of its block. The wire wants its citations back as they came,
so a part's signature has them unchanged.
"""

from ringmain.v1.content_pb2 import Citation, Part

from ringmain_server.providers.anthropic.state import Json, objects, only, packed, text, unpacked
from ringmain_server.providers.numbers import place

_KEY = "citations"
FIELDS = frozenset(
    {
        "type",
        "cited_text",
        "document_index",
        "document_title",
        "file_id",
        "start_char_index",
        "end_char_index",
        "start_page_number",
        "end_page_number",
        "start_block_index",
        "end_block_index",
        "url",
        "source",
        "title",
        "encrypted_index",
        "search_result_index",
    }
)
_TYPES = frozenset(
    {
        "char_location",
        "page_location",
        "content_block_location",
        "web_search_result_location",
        "search_result_location",
    }
)


def citation(raw: Json) -> Citation:
    """Returns a citation of the contract."""
    return Citation(
        uri=text(raw, "url") or text(raw, "source"),
        title=text(raw, "title"),
        quoted_text=text(raw, "cited_text"),
        filename=text(raw, "document_title"),
        page_number=place(raw.get("start_page_number")) or 0,
    )


def state(raws: list[Json]) -> bytes:
    """Returns the state of a text that has these citations."""
    return packed({_KEY: [only(raw, FIELDS) for raw in raws]})


def given_back(part: Part) -> list[Json]:
    """Returns the wire's citations of a text of an earlier turn; none if the caller changed them."""
    lines = unpacked(part.signature)
    if not lines or len(lines) != 1:
        return []
    raws = objects(lines[0], _KEY)
    good = all(raw.keys() <= FIELDS and text(raw, "type") in _TYPES and _is_flat(raw) for raw in raws)
    return raws if good else []


def _is_flat(raw: Json) -> bool:
    return not any(isinstance(value, dict | list) for value in raw.values())
