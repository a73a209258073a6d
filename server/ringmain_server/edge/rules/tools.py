"""Room 1, pure: rules for the tools that a model may use."""

import re
from itertools import islice

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import FunctionTool, Tool, ToolMode, WebSearchTool

from ringmain_server.edge.rules.common import NAME_LIMIT, Rules, few, is_domain, json_object, short, too_long
from ringmain_server.edge.rules.generation import TOOL_NAME
from ringmain_server.errors import Violation

TOOL_LIMIT = 128
DOMAIN_LIMIT = 100

_COUNTRY = re.compile(r"[A-Z]{2}")


def tools(request: ChatRequest) -> Rules:
    """Checks the declared tools, and that the choice among them names one of them."""
    names: set[str] = set()
    yield from few(request.tools, "tools", TOOL_LIMIT)
    for index, tool in enumerate(islice(request.tools, TOOL_LIMIT)):
        yield from _tool(tool, names, f"tools[{index}]")
    choice = request.tool_choice
    match choice.WhichOneof("choice"):
        case "tool_name" if len(choice.tool_name) > NAME_LIMIT:
            yield Violation("tool_choice.tool_name", too_long(NAME_LIMIT))
        case "tool_name" if choice.tool_name not in names:
            yield Violation("tool_choice.tool_name", "names no tool of this request")
        case "mode" if choice.mode not in ToolMode.values():
            yield Violation("tool_choice.mode", "is unknown")
        case "mode" if choice.mode == ToolMode.TOOL_MODE_REQUIRED and not names:
            yield Violation("tool_choice.mode", "requires a tool, and none is declared")


def _tool(tool: Tool, names: set[str], path: str) -> Rules:
    """Checks a tool, and adds to `names` the one by which a choice can name it."""
    kind = tool.WhichOneof("kind")
    if kind is None:
        yield Violation(path, "declares no tool, or one of a kind that this version does not know")
        return
    name = tool.function.name if kind == "function" else kind
    if kind == "function":
        yield from _function(tool.function, f"{path}.function")
    elif kind == "web_search":
        yield from _web_search(tool.web_search, f"{path}.web_search")
    if name in names:
        what = "function.name" if kind == "function" else kind
        yield Violation(f"{path}.{what}", "repeats the name of another tool")
    names.add(name)


def _function(function: FunctionTool, path: str) -> Rules:
    if not TOOL_NAME.fullmatch(function.name):
        yield Violation(f"{path}.name", "is not 1 to 64 letters, digits, _ or -")
    yield from json_object(function.parameters_schema_json, f"{path}.parameters_schema_json")


def _web_search(search: WebSearchTool, path: str) -> Rules:
    if search.HasField("max_uses") and search.max_uses < 1:
        yield Violation(f"{path}.max_uses", "is not at least 1")
    if search.allowed_domains and search.blocked_domains:
        yield Violation(f"{path}.blocked_domains", "cannot be given beside allowed_domains")
    for name in ("allowed_domains", "blocked_domains"):
        domains = getattr(search, name)
        yield from few(domains, f"{path}.{name}", DOMAIN_LIMIT)
        for index, domain in enumerate(islice(domains, DOMAIN_LIMIT)):
            yield from short(domain, f"{path}.{name}[{index}]")
            if len(domain) <= NAME_LIMIT and not is_domain(domain):
                yield Violation(f"{path}.{name}[{index}]", "is not a domain such as example.com")
    if search.country_code and not _COUNTRY.fullmatch(search.country_code):
        yield Violation(f"{path}.country_code", "is not two capital letters such as DE")
