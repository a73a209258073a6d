"""grpcurl finds its way by reflection alone."""

import json

from google.protobuf.json_format import Parse, ParseDict
from ringmain import Fold
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatResponse
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP

from tests.tools.conftest import Addresses
from tests.tools.tools import run, tool

SERVICES = {
    "grpc.health.v1.Health",
    "ringmain.v1.ChatService",
    "ringmain.v1.ModelService",
}
QUESTION = json.dumps(
    {"model": "sandbox/echo", "messages": [{"role": "ROLE_USER", "parts": [{"text": "one two three"}]}]}
)


def grpcurl(*arguments: str, code: int = 0) -> str:
    """What grpcurl writes."""
    return run(tool("grpcurl"), "-plaintext", *arguments, code=code)


def test_list(gateway: Addresses) -> None:
    """Every service is listed, and the methods of each."""
    listed = set(grpcurl(gateway.api, "list").split())
    assert listed >= SERVICES
    for service in listed:
        assert all(method.startswith(service) for method in grpcurl(gateway.api, "list", service).split())
    methods = grpcurl(gateway.api, "list", "ringmain.v1.ChatService").split()
    assert methods == [
        f"ringmain.v1.ChatService.{name}" for name in ("Chat", "CountTokens", "EstimateCost", "StreamChat")
    ]


def test_list_of_the_admin_port(gateway: Addresses) -> None:
    """Operators find their services by reflection too."""
    assert "ringmain.admin.v1.AdminService" in grpcurl(gateway.admin, "list").split()


def test_describe(gateway: Addresses) -> None:
    """Services, methods and messages can be described, fields of imported files included."""
    assert "rpc StreamChat" in grpcurl(gateway.api, "describe", "ringmain.v1.ChatService")
    described = grpcurl(gateway.api, "describe", ".ringmain.v1.Attempt")
    assert ".google.rpc.Status error" in described
    template = grpcurl("-msg-template", gateway.api, "describe", ".ringmain.v1.ChatRequest")
    assert '"first_content_timeout"' in template or '"firstContentTimeout"' in template


def test_describe_reflection_itself(gateway: Addresses) -> None:
    """Both versions of reflection are listed and described."""
    for version in ("v1", "v1alpha"):
        service = f"grpc.reflection.{version}.ServerReflection"
        assert service in grpcurl(gateway.api, "list").split()
        assert f".grpc.reflection.{version}.ServerReflectionRequest" in grpcurl(
            gateway.api, "describe", service
        )


def test_call(gateway: Addresses) -> None:
    """A whole answer comes as JSON."""
    answer = Parse(grpcurl("-d", QUESTION, gateway.api, "ringmain.v1.ChatService/Chat"), ChatResponse())
    assert [part.text for part in answer.message.parts] == ["one two three"]
    assert answer.finish_reason == FINISH_REASON_STOP


def test_streamed_call(gateway: Addresses) -> None:
    """A stream comes as one JSON object after the other, from started to finished."""
    text = grpcurl("-d", QUESTION, gateway.api, "ringmain.v1.ChatService/StreamChat")
    fold, decoder = Fold(), json.JSONDecoder()
    while text := text.strip():
        event, end = decoder.raw_decode(text)
        fold.add(ParseDict(event, ChatEvent()))
        text = text[end:]
    assert fold.finished
    assert fold.answer().text == "one two three"


def test_errors_are_readable(gateway: Addresses) -> None:
    """An error's details are decoded by reflection or by grpcurl's own knowledge of google.rpc."""
    request = '{"model": "no/model", "messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]}'
    # grpcurl ends with 64 and the status code.
    said = grpcurl("-d", request, gateway.api, "ringmain.v1.ChatService/Chat", code=64 + 5)
    assert "Code: NotFound" in said
    assert "MODEL_NOT_FOUND" in said


def test_what_is_not_served_says_so(gateway: Addresses) -> None:
    """A method that waits for a later version, and one of the other port, tell why they are refused."""
    said = grpcurl(gateway.api, "ringmain.v1.UsageService/QueryUsage", code=64 + 12)
    assert "METHOD_NOT_SERVED" in said
    assert "does not serve" in said
    said = grpcurl(gateway.api, "ringmain.admin.v1.AdminService/ListProviders", code=64 + 12)
    assert "server.admin_listen" in said
