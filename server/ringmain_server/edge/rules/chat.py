"""Room 1, pure: rules for requests of chat."""

from ringmain.v1.chat_service_pb2 import ChatRequest

from ringmain_server.edge.rules.common import Rules, attribution, found, named, request_id, routing
from ringmain_server.edge.rules.generation import generation
from ringmain_server.edge.rules.parts import messages
from ringmain_server.edge.rules.tools import tools
from ringmain_server.errors import Violation


def chat(request: ChatRequest, prefix: str = "") -> list[Violation]:
    """Returns what is wrong with a chat request; empty when nothing is.

    Args:
        request: The request.
        prefix: Path of the request within a larger one, with its dot.
    """
    violations = found(_chat(request))
    if not prefix:
        return violations
    return [violation.within(prefix) for violation in violations]


def _chat(request: ChatRequest) -> Rules:
    yield from named(request.model)
    if request.request_id:
        yield from request_id(request.request_id)
    yield from messages(request.messages)
    if request.HasField("attribution"):
        yield from attribution(request.attribution)
    if request.HasField("generation_config"):
        yield from generation(request.generation_config)
    if request.tools or request.HasField("tool_choice"):
        yield from tools(request)
    if request.HasField("routing_policy"):
        yield from routing(request.routing_policy)
