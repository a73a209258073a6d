"""Room 4, pure: the tools of a request for a response, and how to choose among them.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools. The provider runs the
web search, the code and the drawing of images itself. What a tool gave comes only if the request includes it.
"""

from collections.abc import Iterator, Mapping

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import MODALITY_AUDIO, MODALITY_IMAGE, Tool, ToolChoice, WebSearchTool

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.knobs import Knobs
from ringmain_server.errors import CapabilityMissing
from ringmain_server.providers.knobs import check_choice
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.tools import function, mode, parallel

_NO_PARAMETERS: Mapping[str, object] = {
    "type": "object",
    "properties": {},
    "required": [],
    "additionalProperties": False,
}
_TYPES: Mapping[str, str] = {"web_search": "web_search", "code_execution": "code_interpreter"}
"""The wire's type of a tool that the provider runs, by the contract's name of it."""
_INCLUDED: Mapping[str, str] = {
    "web_search": "web_search_call.action.sources",
    "code_execution": "code_interpreter_call.outputs",
}
"""The value of `include` that adds what a tool gave, by the contract's name of a tool."""


def tools(request: ChatRequest, candidate: Candidate) -> list[Object]:
    """Returns the tools that a request declares, with the one that draws if the answer may hold images.

    Raises:
        InvalidField: The parameters of a function are not a JSON object.
        Inexpressible: A function must be called strictly, and its parameters do not allow it.
        CapabilityMissing: The answer may hold speech, which this wire does not have.
    """
    found = [_tool(tool, f"tools[{index}]", candidate.knobs) for index, tool in enumerate(request.tools)]
    modalities = request.generation_config.output_modalities
    if MODALITY_AUDIO in modalities:
        raise CapabilityMissing(candidate.name, "audio_output")
    if MODALITY_IMAGE in modalities:
        found.append({"type": "image_generation"})
    return found


def included(request: ChatRequest) -> Iterator[str]:
    """Yields what the answer must include for the provider's own tools."""
    for tool in request.tools:
        if found := _INCLUDED.get(tool.WhichOneof("kind") or ""):
            yield found


def tool_choice(request: ChatRequest, candidate: Candidate) -> Iterator[tuple[str, object]]:
    """Yields the fields that say which tools may be called.

    https://platform.openai.com/docs/api-reference/responses/create#responses-create-tool_choice

    Raises:
        CapabilityMissing: A tool must be called, and the model cannot be made to.
    """
    choice = request.tool_choice
    check_choice(choice, candidate)
    if choice.WhichOneof("choice") == "tool_name":
        yield "tool_choice", _named(choice, request)
    elif word := mode(choice):
        yield "tool_choice", word
    yield from parallel(choice, candidate.knobs)


def _named(choice: ToolChoice, request: ChatRequest) -> Object:
    name = choice.tool_name
    if name in _TYPES and any(tool.WhichOneof("kind") == name for tool in request.tools):
        return {"type": _TYPES[name]}
    return {"type": "function", "name": name}


def _tool(tool: Tool, path: str, knobs: Knobs) -> Object:
    if tool.HasField("web_search"):
        return _web_search(tool.web_search)
    if tool.HasField("code_execution"):
        return {"type": _TYPES["code_execution"], "container": {"type": "auto"}}
    # Unless told, a function is not strict: this wire's default would forbid most schemas.
    found: Object = {"type": "function", "parameters": dict(_NO_PARAMETERS), "strict": False}
    return {**found, **function(tool.function, path, knobs)}


def _web_search(search: WebSearchTool) -> Object:
    found: Object = {"type": _TYPES["web_search"]}
    # The reference names no blocked domains, but OpenAI takes them and says so in its answer.
    domains = {"allowed_domains": search.allowed_domains, "blocked_domains": search.blocked_domains}
    if filters := {name: list(some) for name, some in domains.items() if some}:
        found["filters"] = filters
    if search.country_code:
        found["user_location"] = {"type": "approximate", "country": search.country_code}
    return found
