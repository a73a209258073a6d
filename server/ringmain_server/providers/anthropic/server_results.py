"""Room 4, the pure side of `anthropic`: reads what the tools gave that the provider ran itself.

https://platform.claude.com/docs/en/agents-and-tools/tool-use/server-tools: each result is a block whose
type ends in `_tool_result`, with the id of its call. Its content is one object or a list of objects, which
differ by tool; the objects of a tool that is not known here are read by the names of their fields.
"""

import base64
import binascii
from collections.abc import Iterator

from ringmain.v1.content_pb2 import Citation, Media, Part

from ringmain_server.providers.anthropic.state import Json, objects, text

RESULT = "_tool_result"
"""The end of the type of a block with a tool's result. A result of a caller's own tool has the bare type."""
CODE_EXECUTION = "code_execution"
_TEXTS = ("stdout", "stderr", "text")
"""Fields whose text is a result; in an error, `error_code` is."""


def tool_name(name: str) -> str:
    """Returns the contract's name of a tool: code runs under several names on this wire."""
    return CODE_EXECUTION if name.endswith(f"_{CODE_EXECUTION}") else name


def results(block: Json) -> list[Part]:
    """Returns what a tool gave, as text and media."""
    content = block.get("content")
    if isinstance(content, str):
        return [Part(text=content)]
    found = objects(block, "content") or ([content] if isinstance(content, dict) else [])
    return [part for one in found for part in _parts(one)]


def has_failed(block: Json) -> bool:
    """Whether a tool failed: it reports an error, or the code that it ran did."""
    content = block.get("content")
    if block.get("is_error") is True:
        return True
    if not isinstance(content, dict):
        return False
    return text(content, "type").endswith("_error") or content.get("return_code", 0) != 0


def _parts(one: Json) -> Iterator[Part]:
    """Yields the parts of one object of a result."""
    url = text(one, "url")
    document = one.get("content")
    if url and isinstance(document, dict):
        yield from _page(document, url)
    elif url:
        yield Part(text="", citations=[Citation(uri=url, title=text(one, "title"))])
    elif error := text(one, "error_code"):
        yield Part(text=text(one, "error_message") or error)
    else:
        yield from (Part(text=said) for name in _TEXTS if (said := text(one, name)))
        if isinstance(document, str) and document:
            yield Part(text=document)
        if lines := one.get("lines"):
            yield Part(text="\n".join(map(str, lines if isinstance(lines, list) else [lines])))
        yield from (Part(text=text(tool, "tool_name")) for tool in objects(one, "tool_references"))


def _page(document: Json, url: str) -> Iterator[Part]:
    """Yields a page that was fetched: its text, or its address and then the file."""
    source = document.get("source")
    source = source if isinstance(source, dict) else {}
    citation = Citation(uri=url, title=text(document, "title"))
    if source.get("type") != "base64":
        yield Part(text=text(source, "data"), citations=[citation])
        return
    yield Part(text="", citations=[citation])
    try:
        data = base64.b64decode(text(source, "data"), validate=True)
    except (binascii.Error, ValueError):
        return
    yield Part(media=Media(mime_type=text(source, "media_type"), data=data))
