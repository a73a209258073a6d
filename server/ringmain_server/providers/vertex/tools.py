"""Room 4, pure: declares tools on this wire, and says which of them may be called.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/function-calling,
https://cloud.google.com/vertex-ai/generative-ai/docs/grounding/grounding-with-google-search,
https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/code-execution. Modes are for functions
alone: Google's own tools can be declared or not, and the model decides.
"""

from collections.abc import Sequence

from ringmain.v1.generation_pb2 import (
    TOOL_MODE_AUTO,
    TOOL_MODE_NONE,
    TOOL_MODE_REQUIRED,
    FunctionTool,
    Tool,
    ToolChoice,
    WebSearchTool,
)

from ringmain_server.candidate import Candidate
from ringmain_server.errors import CapabilityMissing
from ringmain_server.providers.knobs import check_choice
from ringmain_server.providers.vertex import schemas, wire
from ringmain_server.providers.vertex.kinds import VERTEX
from ringmain_server.providers.vertex.provider_tools import CODE_EXECUTION, WEB_SEARCH

AUTO, _ANY, _NONE, VALIDATED = 1, 2, 3, 5
"""Values of `FunctionCallingConfig.Mode`."""
_MODES = {TOOL_MODE_AUTO: AUTO, TOOL_MODE_NONE: _NONE, TOOL_MODE_REQUIRED: _ANY}
_OWN = (WEB_SEARCH, CODE_EXECUTION)


def write(
    found: wire.GenerateContentRequest, tools: Sequence[Tool], choice: ToolChoice, candidate: Candidate
) -> None:
    """Writes the tools of a request.

    Raises:
        CapabilityMissing: The wire cannot keep a search to the domains that the caller allows or blocks.
        InvalidField: The schema of parameters is not valid.
    """
    chosen = choice.tool_name
    functions = [] if chosen in _OWN else [tool.function for tool in tools if tool.HasField("function")]
    if functions:
        _declare(found, tools)
        _choose(found, choice, functions, candidate)
    for tool in tools:
        kind = tool.WhichOneof("kind")
        # None of Google's tools can be forced or forbidden: it is declared alone, or not at all.
        if kind == "function" or choice.mode == TOOL_MODE_NONE or (chosen and kind != chosen):
            continue
        if kind == WEB_SEARCH:
            _search(found, tool.web_search, candidate)
        else:
            found.tools.add().code_execution.SetInParent()


def _declare(found: wire.GenerateContentRequest, tools: Sequence[Tool]) -> None:
    declarations = found.tools.add().function_declarations
    for index, tool in enumerate(tools):
        if not tool.HasField("function"):
            continue
        function = tool.function
        declaration = declarations.add(name=function.name, description=function.description)
        if schema := function.parameters_schema_json:
            path = f"tools[{index}].function.parameters_schema_json"
            parameters = schemas.parameters(schema, path)
            if not schemas.names_nothing(parameters):
                declaration.parameters_json_schema.CopyFrom(parameters)


def _choose(
    found: wire.GenerateContentRequest,
    choice: ToolChoice,
    functions: Sequence[FunctionTool],
    candidate: Candidate,
) -> None:
    """Writes which functions may be called, and whether their parameters are enforced.

    https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/function-calling#functioncallingconfig

    Raises:
        CapabilityMissing: One must be called, and the model cannot be made to.
    """
    check_choice(choice, candidate)
    mode = _MODES.get(choice.mode)
    if choice.tool_name:
        mode = _ANY
    elif mode in (None, AUTO) and candidate.knobs.native_schema and any(one.strict for one in functions):
        mode = VALIDATED
    if mode is None:
        return
    config = found.tool_config.function_calling_config
    config.mode = mode
    if choice.tool_name:
        config.allowed_function_names.append(choice.tool_name)


def _search(found: wire.GenerateContentRequest, search: WebSearchTool, candidate: Candidate) -> None:
    """Declares the web search. It takes no allowed domains, and blocked ones only at Vertex AI."""
    if search.allowed_domains:
        raise _unrestrictable(candidate, "allowed_domains")
    target = found.tools.add().google_search
    target.SetInParent()
    if not search.blocked_domains:
        return
    if candidate.kind != VERTEX:
        raise _unrestrictable(candidate, "blocked_domains")
    target.exclude_domains.extend(search.blocked_domains)


def _unrestrictable(candidate: Candidate, name: str) -> CapabilityMissing:
    message = f"{candidate.name} cannot keep a web search to {name}"
    return CapabilityMissing(candidate.name, WEB_SEARCH, message)
