"""Room 4, pure: the tools of a chat completion, and how to choose among them.

https://platform.openai.com/docs/api-reference/chat/create#chat_create-tools. This wire has no tools that the
provider runs itself. Where a server searches the web, the request says so in a field of its own.
"""

from collections.abc import Iterator

from google.protobuf.json_format import MessageToDict
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import TOOL_MODE_NONE, Tool, ToolChoice, WebSearchTool

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.knobs import Knobs
from ringmain_server.errors import CapabilityMissing
from ringmain_server.kinds.openai import Dialect
from ringmain_server.providers.knobs import check_choice, excludes_reasoning
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.request_pieces import MODES, effort_field
from ringmain_server.providers.openai.tools import function, lacking, parallel, unrestricted

Fields = Iterator[tuple[str, object]]


def searches(dialect: Dialect, knobs: Knobs) -> bool:
    """Whether a model searches the web when a chat completion asks it to."""
    if dialect.web_search == "options":
        return knobs.web_search
    return dialect.web_search == "plugin"


def fields(request: ChatRequest, candidate: Candidate, dialect: Dialect) -> Fields:
    """Yields the fields of the tools that a request declares.

    Raises:
        InvalidField: The parameters of a function are not a JSON object.
        Inexpressible: A function must be called strictly, and its parameters do not allow it.
        CapabilityMissing: The provider does not run a tool, or not within the request's restrictions; or the
            model cannot be made to call one.
    """
    check_choice(request.tool_choice, candidate)
    if excludes_reasoning(request.tool_choice, candidate.knobs):
        yield effort_field("none", dialect)
    functions: list[object] = []
    for index, tool in enumerate(request.tools):
        if tool.HasField("function"):
            described = function(tool.function, f"tools[{index}]", candidate.knobs)
            functions.append({"type": "function", "function": described})
        elif dialect.own_tools:
            functions.append(_own(tool))
        elif not tool.HasField("web_search"):
            raise lacking(candidate.name, tool)
        elif request.tool_choice.mode != TOOL_MODE_NONE:
            yield from _web_search(tool.web_search, candidate, dialect)
    if functions:
        yield "tools", functions
        declared = {tool.function.name for tool in request.tools if tool.HasField("function")}
        yield from _tool_choice(request.tool_choice, declared, dialect)
        yield from parallel(request.tool_choice, candidate.knobs)


def _own(tool: Tool) -> Object:
    """Returns the declaration of a tool by its type, with its settings."""
    kind = tool.WhichOneof("kind") or ""
    return {"type": kind, kind: MessageToDict(getattr(tool, kind), preserving_proto_field_name=True)}


def _tool_choice(choice: ToolChoice, functions: set[str], dialect: Dialect) -> Fields:
    """Yields the field that says which tools may be called.

    https://platform.openai.com/docs/api-reference/chat/create#chat_create-tool_choice
    """
    if choice.tool_name in functions:
        yield "tool_choice", {"type": "function", "function": {"name": choice.tool_name}}
    elif choice.tool_name and dialect.own_tools:
        yield "tool_choice", {"type": choice.tool_name}
    elif choice.mode in MODES:
        yield "tool_choice", MODES[choice.mode]


def _web_search(search: WebSearchTool, candidate: Candidate, dialect: Dialect) -> Fields:
    if not searches(dialect, candidate.knobs):
        raise CapabilityMissing(candidate.name, "web_search")
    unrestricted(search, candidate.name)
    if dialect.web_search == "plugin":
        # https://openrouter.ai/docs/features/web-search
        yield "plugins", [{"id": "web"}]
    else:
        place = {"type": "approximate", "approximate": {"country": search.country_code}}
        yield "web_search_options", {"user_location": place} if search.country_code else {}
