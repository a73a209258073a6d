"""Room 4, pure: reads the tools that the provider runs itself, on OpenAI's responses wire.

https://platform.openai.com/docs/guides/tools. Each call is one item, with what the tool gave. Most of it is
kept in the part's signature and goes back from there; only the bytes of images are taken from the part.
"""

import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping

from ringmain.v1.content_pb2 import Citation, Media, Part

from ringmain_server.media.detect import detect
from ringmain_server.providers.json_base64 import Base64
from ringmain_server.providers.json_reader import written
from ringmain_server.providers.openai.chat_parts import Object, data_url
from ringmain_server.providers.openai.responses_shapes import IMAGE_CALL
from ringmain_server.providers.state_json import is_shallow

Json = Mapping[str, object]

CODE = "code_interpreter_call"
_MCP = "mcp_call"
_SHELL = "shell_call"
NAMES: Mapping[str, str] = {
    "web_search_call": "web_search",
    CODE: "code_execution",
    "file_search_call": "file_search",
    _MCP: _MCP,
    "mcp_list_tools": "mcp_list_tools",
    "compaction": "compaction",
    "tool_search_call": "tool_search",
    "tool_search_output": "tool_search_output",
    "program": "program",
    "program_output": "program_output",
    _SHELL: "shell",
    "shell_call_output": "shell_output",
}
"""The contract's name of a tool, by the type of its item. A tool of an MCP server has its own name."""
_LONGEST = 256
"""Most characters of a tool's name in the contract."""
_LEVELS = 30
"""Most levels of objects and lists of arguments in the contract."""
CODE_BEGINS, CODE_ENDS = '{"code":"', '"}'
"""The arguments around the code."""
_DATA = "data:"


def tool_name(item: Json) -> str:
    """Returns the name of the tool of a call."""
    kind = text(item, "type")
    name = text(item, "name") if kind == _MCP else ""
    return name[:_LONGEST] or NAMES.get(kind, kind.removesuffix("_call"))


def is_run(item: Json) -> bool:
    """Whether an item is about a tool that the provider runs itself."""
    kind = text(item, "type")
    if kind == _SHELL:
        return text(item.get("environment"), "type") == "container_reference"
    return kind in NAMES and item.get("execution") != "client"


def arguments(item: Json) -> str:
    """Returns what the model asked of the tool, as a JSON object; empty if the item does not say."""
    kind = text(item, "type")
    if kind == _MCP:
        return text(item, "arguments")
    asked = _ASKED[kind](item) if kind in _ASKED else None
    return written(asked) if isinstance(asked, dict) and is_shallow(asked, _LEVELS) else ""


def _action(item: Json) -> object:
    action = item.get("action")
    if not isinstance(action, dict):
        return None
    return {name: value for name, value in action.items() if name != "sources"}


def _code(item: Json) -> object:
    return {"code": item["code"]} if isinstance(item.get("code"), str) else None


_ASKED: Mapping[str, Callable[[Json], object]] = {
    "web_search_call": _action,
    CODE: _code,
    "program": _code,
    "file_search_call": lambda item: {"queries": item.get("queries")},
    "mcp_list_tools": lambda item: {"server_label": item.get("server_label")},
    "tool_search_call": lambda item: item.get("arguments"),
    _SHELL: _action,
}


def has_failed(item: Json) -> bool:
    """Whether a tool failed."""
    return item.get("status") == "failed" or bool(item.get("error"))


def is_search(item: Json) -> bool:
    """Whether a call searched the web, rather than opening a page."""
    action = item.get("action")
    return (
        item.get("type") == "web_search_call" and isinstance(action, dict) and action.get("type") == "search"
    )


def results(item: Json) -> list[Part]:
    """Returns what a tool gave, as text and media."""
    read = _RESULTS.get(text(item, "type"))
    found = list(read(item)) if read is not None else []
    if error := item.get("error"):
        found.append(Part(text=_error(error)))
    return found


def _sources(item: Json) -> Iterable[Part]:
    for source in objects(item.get("action"), "sources"):
        citation = Citation(uri=text(source, "url"), title=text(source, "name"))
        yield Part(text="", citations=[citation])


def _outputs(item: Json) -> Iterable[Part]:
    for output in objects(item, "outputs"):
        url = text(output, "url")
        media = _from_data_url(url)
        if media is not None:
            yield Part(media=media)
        elif url.startswith("https://"):
            yield Part(media=Media(uri=url))
        else:
            yield Part(text=text(output, "logs"))


def _files(item: Json) -> Iterable[Part]:
    for result in objects(item, "results"):
        citation = Citation(filename=text(result, "filename"))
        yield Part(text=text(result, "text"), citations=[citation])


def _output(item: Json) -> Iterable[Part]:
    if output := text(item, "output"):
        yield Part(text=output)


def _result(item: Json) -> Iterable[Part]:
    if result := text(item, "result"):
        yield Part(text=result)


def _printed(item: Json) -> Iterable[Part]:
    for output in objects(item, "output"):
        yield from (Part(text=found) for name in ("stdout", "stderr") if (found := text(output, name)))


def _tools(item: Json) -> Iterable[Part]:
    for tool in objects(item, "tools"):
        yield Part(text=text(tool, "name"))


_RESULTS: Mapping[str, Callable[[Json], Iterable[Part]]] = {
    "web_search_call": _sources,
    CODE: _outputs,
    "file_search_call": _files,
    _MCP: _output,
    "mcp_list_tools": _tools,
    "tool_search_output": _tools,
    "program_output": _result,
    "shell_call_output": _printed,
}


def _error(error: object) -> str:
    if isinstance(error, str):
        return error
    message = text(error, "message")
    return message or written(error)


# --- what goes back ------------------------------------------------------------------------------------


def kept(item: Json) -> Json:
    """Returns a call without the bytes of images, which its part has as media."""
    outputs = item.get("outputs")
    if not isinstance(outputs, list):
        return item
    return {**item, "outputs": [_without_data(output) for output in outputs]}


def _without_data(output: object) -> object:
    if not isinstance(output, dict) or not text(output, "url").startswith(_DATA):
        return output
    return {name: value for name, value in output.items() if name != "url"}


def given_back(item: Object, gave: Iterable[Part]) -> Object | None:
    """Returns a call of an earlier turn as it was; None if its part is no call, or lacks an image it had.

    Args:
        item: The call as it was kept.
        gave: What its part holds of what the tool gave.
    """
    kind = item["type"]
    if kind == IMAGE_CALL:
        return {**item, "result": None}
    outputs = item.get("outputs")
    if not isinstance(outputs, list):
        return item if kind in NAMES else None
    images = iter([part.media for part in gave if part.media.data])
    whole = [_with_data(output, images) for output in outputs]
    return {**item, "outputs": whole} if None not in whole else None


def _with_data(output: object, images: Iterator[Media]) -> object:
    """Returns an output with the image that was taken from it; None if there is none."""
    if not isinstance(output, dict) or output.get("type") != "image" or "url" in output:
        return output
    media = next(images, None)
    return None if media is None else {**output, "url": data_url(media.data, media.mime_type)}


# --- images that the model draws -----------------------------------------------------------------------


def image(item: Json) -> Media | None:
    """Returns the image of an image generation call; None if it has none.

    Raises:
        ValueError: The image is not base64.
    """
    result = text(item, "result")
    if not result:
        return None
    data = binascii.a2b_base64(result)
    return Media(mime_type=detect(data) or f"image/{text(item, 'output_format') or 'png'}", data=data)


def image_call(item: Object, media: Media) -> Object:
    """Returns the call that drew an image of an earlier turn."""
    return {**item, "result": Base64(media.data)}


# --- shapes ----------------------------------------------------------------------------------------------


def text(found: object, name: str) -> str:
    """Returns a text field of an object; empty if it is absent or something else."""
    value = found.get(name) if isinstance(found, Mapping) else None
    return value if isinstance(value, str) else ""


def objects(found: object, name: str) -> list[Json]:
    """Returns the objects in a list field; empty if it is absent or something else."""
    value = found.get(name) if isinstance(found, Mapping) else None
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _from_data_url(url: str) -> Media | None:
    head, _, body = url.partition(",")
    if not head.startswith(_DATA):
        return None
    try:
        data = binascii.a2b_base64(body)
    except ValueError:
        return None
    return Media(mime_type=head.removeprefix(_DATA).partition(";")[0], data=data) if data else None
