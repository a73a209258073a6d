"""Room 4, pure: reads what the text of a message rests on, on OpenAI's responses wire.

https://platform.openai.com/docs/api-reference/responses/object#responses-object-output. The end of a cited
statement is excluded, whatever the documentation says. A file is cited at a place in the text, not for a
statement, so such a citation holds for the whole text.
"""

from collections.abc import Iterator

from ringmain.v1.content_pb2 import Citation

from ringmain_server.providers.numbers import place
from ringmain_server.providers.openai.responses_calls import Json, objects, text

_CITATIONS = frozenset({"url_citation", "file_citation", "container_file_citation"})


def citations(content: Json) -> Iterator[Citation]:
    """Yields the sources of a text."""
    for annotation in objects(content, "annotations"):
        if text(annotation, "type") not in _CITATIONS:
            continue
        found = Citation(
            uri=text(annotation, "url"),
            title=text(annotation, "title"),
            filename=text(annotation, "filename"),
        )
        start, end = place(annotation.get("start_index")), place(annotation.get("end_index"))
        if start is not None and end is not None and start < end:
            found.start_index, found.end_index = start, end
        yield found
