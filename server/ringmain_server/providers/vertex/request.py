"""Room 4, pure: translates a ChatRequest into a request of this wire.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rpc/google.cloud.aiplatform.v1#generatecontentrequest.
Every field is translated, refused, or one that the contract lets a provider ignore: Google caches prompts
without being asked (`cache_boundary`, `prompt_cache`), and has no limit for parallel calls. `request_id` and
`routing_policy` are for the gateway alone. Only the gateway sets the model and the contents, and decides that
function arguments come whole.
"""

from collections.abc import Mapping

from google.protobuf.json_format import ParseDict, ParseError
from ringmain.v1.chat_service_pb2 import ChatRequest

from ringmain_server.candidate import Candidate
from ringmain_server.errors import InvalidField
from ringmain_server.providers import structs
from ringmain_server.providers.vertex import generation, labels, tools, turns, wire
from ringmain_server.providers.vertex.kinds import VERTEX

_GATEWAYS_OWN = frozenset({"model", "contents"})
_ARGUMENTS_IN_PIECES = ("streamFunctionCallArguments", "stream_function_call_arguments")


def generate_request(request: ChatRequest, candidate: Candidate) -> wire.GenerateContentRequest:
    """Returns the request for an answer, without the model's name and without provider options.

    Raises:
        CallerError: This wire cannot carry a part, a schema or a value.
    """
    found = wire.GenerateContentRequest()
    turns.write(
        found, request.messages, candidate.provider_id, candidate.knobs, carry=candidate.kind != VERTEX
    )
    if request.tools:
        tools.write(found, request.tools, request.tool_choice, candidate)
    if request.HasField("generation_config"):
        generation.write(found.generation_config, request.generation_config, candidate.knobs)
    if request.HasField("attribution"):
        labels.write(found, request, candidate)
    return found


def count_request(request: wire.GenerateContentRequest) -> wire.CountTokensRequest:
    """Returns the request for a count of another request's tokens."""
    found = wire.CountTokensRequest(
        contents=request.contents, tools=request.tools, generation_config=request.generation_config
    )
    if request.HasField("system_instruction"):
        found.system_instruction.CopyFrom(request.system_instruction)
    return found


def options(request: ChatRequest, kind: str) -> dict[str, object]:
    """Returns the passed-through options of a provider kind, as the wire's JSON.

    Raises:
        InvalidField: An option sets a field that only the gateway may set.
    """
    config = request.generation_config
    if kind not in config.provider_options:
        return {}
    found = structs.read_object(config.provider_options[kind])
    path = f"generation_config.provider_options[{kind}]"
    for name in sorted(_GATEWAYS_OWN & found.keys()):
        raise InvalidField.at(f"{path}.{name}", "is set by the gateway")
    tool_config = _inner(found, "toolConfig", "tool_config")
    choice = _inner(tool_config, "functionCallingConfig", "function_calling_config")
    for name in _ARGUMENTS_IN_PIECES:
        if name in choice:
            raise InvalidField.at(f"{path}.toolConfig.functionCallingConfig.{name}", "is set by the gateway")
    return found


def apply_options(found: wire.GenerateContentRequest, request: ChatRequest, kind: str) -> None:
    """Writes the caller's own fields over a request: messages are merged, lists and values are replaced.

    Raises:
        InvalidField: A field does not exist on this wire, or only the gateway may set it.
    """
    given = options(request, kind)
    if not given:
        return
    try:
        ParseDict(given, found)
    except ParseError as exc:
        path = f"generation_config.provider_options[{kind}]"
        raise InvalidField.at(path, f"is not of this wire: {str(exc)[:200]}") from exc


def _inner(found: Mapping[str, object], *names: str) -> Mapping[str, object]:
    for name in names:
        inner = found.get(name)
        if isinstance(inner, Mapping):
            return inner
    return {}
