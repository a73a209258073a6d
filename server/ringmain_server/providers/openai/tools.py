"""Room 4, pure: the tools of a request, in the form that chat completions and responses share."""

from collections.abc import Iterator

from ringmain.v1.generation_pb2 import FunctionTool, Tool, ToolChoice, WebSearchTool

from ringmain_server.catalog.knobs import Knobs
from ringmain_server.errors import CapabilityMissing, Inexpressible
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.request_pieces import MODES, json_object
from ringmain_server.providers.openai.strict import is_strict

_COMBINED = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
"""Keys of a schema that says elsewhere what it is."""


def function(declared: FunctionTool, path: str, knobs: Knobs) -> Object:
    """Returns a function's name, description, parameters, and whether the model is held to them.

    Args:
        declared: The function.
        path: The tool's place in the request, for error messages.
        knobs: The knobs of the model; one that no provider holds to parameters is not asked to be.

    Raises:
        InvalidField: The parameters are not a JSON object.
        Inexpressible: The model must be held to parameters to which the provider cannot hold it.
    """
    found: Object = {"name": declared.name}
    if declared.description:
        found["description"] = declared.description
    if declared.parameters_schema_json:
        path = f"{path}.function"
        schema = json_object(declared.parameters_schema_json, f"{path}.parameters_schema_json")
        found["parameters"] = _complete(schema)
        if declared.strict and knobs.native_schema and not is_strict(schema):
            raise Inexpressible.at(f"{path}.strict", "this provider cannot hold a model to these parameters")
    if declared.HasField("strict") and knobs.native_schema:
        found["strict"] = declared.strict
    return found


def _complete(schema: Object) -> Object:
    """Returns parameters that say that they are an object, with which properties: OpenAI wants both."""
    if schema.get("type", "object") != "object" or not _COMBINED.isdisjoint(schema):
        return schema
    return {"type": "object", "properties": {}, **schema}


def parallel(choice: ToolChoice, knobs: Knobs) -> Iterator[tuple[str, object]]:
    """Yields the field that says whether the model may call several tools at once, if it takes that."""
    if choice.HasField("parallel_tool_calls") and "parallel_tool_calls" not in knobs.lacks:
        yield "parallel_tool_calls", choice.parallel_tool_calls


def mode(choice: ToolChoice) -> str:
    """Returns the wire's word for a mode; empty for the default."""
    return MODES.get(choice.mode, "")


def lacking(model: str, tool: Tool) -> CapabilityMissing:
    """Returns the refusal of a tool that a provider does not run."""
    return CapabilityMissing(model, tool.WhichOneof("kind") or "tools")


def unrestricted(search: WebSearchTool, model: str) -> None:
    """Checks that a search has no restriction, for wires that cannot express one.

    Args:
        search: The search.
        model: The provider's model, for the message.

    Raises:
        CapabilityMissing: It has one. Leaving it out would search where the caller forbade it.
    """
    if search.blocked_domains or search.allowed_domains:
        message = f"{model} cannot keep a web search to the domains of the request"
        raise CapabilityMissing(model, "web_search", message)
