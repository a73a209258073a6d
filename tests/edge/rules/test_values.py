"""Values that no program should have to follow: times, addresses, numbers, depths and enums that are none."""

import math
from typing import Any

import pytest
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import content_pb2 as content
from ringmain.v1.generation_pb2 import FunctionTool, Tool
from ringmain_server.edge.validate import VALIDATORS, chat

from tests.edge.rules.places import PLACES, Place

DEEP = 31


def _good() -> chat_pb2.ChatRequest:
    request = chat_pb2.ChatRequest(model="m")
    request.messages.add(role=content.ROLE_USER).parts.add(text="hi")
    return request


def _fields(request: chat_pb2.ChatRequest) -> list[str]:
    return [violation.field for violation in chat(request)]


@pytest.mark.parametrize(
    ("seconds", "nanos", "good"),
    [
        (0, 1, True),
        (1, 999_999_999, True),
        (86_400, 0, True),
        (86_400, 1, False),
        (2**62, 0, False),
        (1, 1_000_000_000, False),
        (0, 2**31 - 1, False),
        (1, -1, False),
        (-1, 1, False),
        (-1, -1, False),
        (0, 0, False),
    ],
)
@pytest.mark.parametrize("name", ["first_content_timeout", "idle_timeout"])
def test_a_time_is_a_duration_above_zero_and_at_most_a_day(
    name: str, seconds: int, nanos: int, good: bool
) -> None:
    """What `google.protobuf.Duration` does not allow is refused, and so is more than a day."""
    request = _good()
    getattr(request.routing_policy, name).seconds = seconds
    getattr(request.routing_policy, name).nanos = nanos
    assert _fields(request) == ([] if good else [f"routing_policy.{name}"])


@pytest.mark.parametrize(
    "uri",
    [
        "https://[::1",
        "https://\0",
        "https://?x",
        "https://",
        "https:///x.png",
        "https://user:word@example.com/x.png",
        "https://@example.com/x.png",
        "https://example.com:99999/x.png",
        "https://example.com:x/x.png",
        "https://example.com:-1/",
        "https://exa mple.com/x.png",
        "https://example.com/\nHost: inner",
        "https://example.com\\@inner/x.png",
        "https://exam..ple.com/x.png",
        "https://.",
        "https://-example.com/",
        "https://[fe80::1%25eth0]/x.png",
        "https://[v1.x]/x.png",
        "https://\u2100.com/x.png",
        f"https://{'a' * 64}.com/x.png",
        f"https://{'a.' * 130}com/x.png",
        "HTTP://example.com",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "gs://bucket",
        "gs://bucket/",
        "gs://user:word@bucket/x.png",
        "gs://Bucket/x.png",
        "gs:///x.png",
        "gs://../x.png",
        "gs://bucket/x\ny.png",
    ],
)
def test_an_address_that_programs_take_apart_differently_is_refused(uri: str) -> None:
    """Only an https address of a host or an object of a bucket is let through, and none makes a rule fail."""
    request = _good()
    request.messages[0].parts.add(media=content.Media(uri=uri))
    assert _fields(request) == ["messages[0].parts[1].media.uri"]


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/x.png",
        "https://example.com.:443/é.png?sig=a%2Fb&x=[1]#f",
        "https://my_bucket.s3.example.com/x@2.png",
        "https://[2001:db8::1]:8443/x.png",
        "https://127.0.0.1/x.png",
        "https://bücher.example/x.png",
        "gs://my_bucket-1.example.com/a folder/é?x#y.png",
    ],
)
def test_an_ordinary_address_is_let_through(uri: str) -> None:
    """Names in any script, addresses, ports and signed queries are addresses."""
    request = _good()
    request.messages[0].parts.add(media=content.Media(uri=uri))
    assert _fields(request) == []


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_options_hold_no_number_that_json_has_not(number: float) -> None:
    """A number that is none is named by its path, at whatever depth it is."""
    request = _good()
    options = request.generation_config.provider_options["openai"]
    options.update({"fine": 1, "logit_bias": {"x": [0, {"deep": number}]}})
    path = "generation_config.provider_options['openai'].logit_bias.x[1].deep"
    assert _fields(request) == [path]


def test_options_are_not_deep() -> None:
    """Options of sixteen levels pass, of seventeen not; keys have the length of names."""
    for depth, good in ((15, True), (16, False)):
        request = _good()
        options: dict[str, Any] = {}
        inner = options
        for _ in range(depth):
            inner["x"] = deeper = dict[str, Any]()
            inner = deeper
        request.generation_config.provider_options["openai"].update(options)
        assert bool(_fields(request)) != good
    request = _good()
    request.generation_config.provider_options["openai"].update({"x" * 257: 1})
    assert len(_fields(request)) == 1


@pytest.mark.parametrize("model", ["a\0", "a\nb", "a\u200bb", "p/../x", "./x", "p/.", ".."])
def test_a_models_name_can_be_printed_and_is_no_way_through_folders(model: str) -> None:
    """A name becomes part of a header, a path or a log line: what means something else there is refused."""
    request = _good()
    request.model = model
    assert _fields(request) == ["model"]


@pytest.mark.parametrize("model", ["gpt-4.1", "p/a.b/c..d", "größer 模型 🙂", "...", "x:latest@2"])
def test_an_ordinary_name_of_a_model_is_let_through(model: str) -> None:
    """Dots, colons, spaces and any script are part of names."""
    request = _good()
    request.model = model
    assert _fields(request) == []


def _nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize("depth", [DEEP, 65, 255, 1_000])
def test_schemas_and_arguments_are_not_deep(depth: int) -> None:
    """JSON that is nested deeper than our programs recurse is refused, where it comes in."""
    request = _good()
    request.tools.append(Tool(function=FunctionTool(name="f", parameters_schema_json=_nested(depth))))
    request.generation_config.response_format.json_schema.schema_json = _nested(depth)
    call = request.messages.add(role=content.ROLE_ASSISTANT).parts.add().tool_call
    call.tool_call_id, call.name, call.arguments_json = "1", "f", _nested(depth)
    assert _fields(request) == [
        "messages[1].parts[0].tool_call.arguments_json",
        "generation_config.response_format.json_schema.schema_json",
        "tools[0].function.parameters_schema_json",
    ]


@pytest.mark.parametrize("depth", [1_025, 100_000])
def test_what_is_deeper_than_anybody_reads_is_refused_too(depth: int) -> None:
    """Beyond what is read at all, a schema is no JSON, and arguments are too deep."""
    request = _good()
    request.tools.append(Tool(function=FunctionTool(name="f", parameters_schema_json=_nested(depth))))
    call = request.messages.add(role=content.ROLE_ASSISTANT).parts.add().tool_call
    call.tool_call_id, call.name, call.arguments_json = "1", "f", _nested(depth)
    assert _fields(request) == [
        "messages[1].parts[0].tool_call.arguments_json",
        "tools[0].function.parameters_schema_json",
    ]


def test_what_is_shallow_or_no_json_at_all_is_let_through_as_arguments() -> None:
    """Models may write invalid JSON; many objects beside each other are not deep."""
    beside = "[" + ",".join(["{}"] * 999) + "]"
    quoted = '{"a": "' + '[{\\"' * 999 + '"}'
    for text in ("", "{", "{" * 999, "}" * 999, _nested(DEEP - 1), beside, quoted):
        request = _good()
        call = request.messages.add(role=content.ROLE_ASSISTANT).parts.add().tool_call
        call.tool_call_id, call.name, call.arguments_json = "1", "f", text
        assert _fields(request) == []


def test_no_more_violations_are_looked_for_than_anybody_reads() -> None:
    """A request of a hundred thousand bad fields is refused without naming each."""
    request = _good()
    message = request.messages[0]
    for _ in range(99_990):
        message.parts.add()
    assert len(_fields(request)) == 64


def test_a_request_has_so_many_parts_and_no_more() -> None:
    """Parts are counted over all messages."""
    request = _good()
    for _ in range(100):
        request.messages.add(role=content.ROLE_USER).parts.extend([content.Part(text="x")] * 1_000)
    assert _fields(request) == ["messages[100].parts"]


IGNORED = frozenset({"ReasoningEffort", "EmbeddingPurpose", "Capability"})
"""Open enums of whose unknown values no harm comes."""


@pytest.mark.parametrize("place", [one for one in PLACES if one.field.enum_type], ids=str)
def test_an_unknown_value_of_an_enum_is_refused_or_ignored(place: Place) -> None:
    """A value that is not in the contract is named by its path, but for enums whose comment says ignored."""
    request, holder = place.request()
    field = place.field
    if field.is_repeated:
        getattr(holder, field.name).append(99)
    else:
        setattr(holder, field.name, 99)
    path = f"{place.path}[0]" if field.is_repeated else place.path
    told = {one.field for one in VALIDATORS[place.kind.full_name](request)}
    assert field.enum_type is not None
    assert (path in told) != (field.enum_type.name in IGNORED)


@pytest.mark.parametrize("name", ["allowed_domains", "blocked_domains"])
@pytest.mark.parametrize(
    ("domain", "good"),
    [
        *(
            (one, True)
            for one in ("x.test", "a-b.x.test", "X.Test", "bücher.test", "10.0.0.1", "xn--bcher-kva.de")
        ),
        *((one, False) for one in ("", " ", "-", "..", "x..test", ".x.test", "x.test.", "*.x.test", "*")),
        *(
            (one, False)
            for one in ("x.test/news", "https://x.test", "x.test:443", "a@x.test", "x.test?y", "x\n")
        ),
        *((one, False) for one in ("a" * 64 + ".test", "a." * 127 + "test")),
    ],
)
def test_a_search_is_restricted_to_names_of_domains(name: str, domain: str, good: bool) -> None:
    """Providers read anything else differently, or as no domain at all, and the restriction would be none."""
    request = _good()
    search = request.tools.add().web_search
    getattr(search, name).append(domain)
    assert _fields(request) == ([] if good else [f"tools[0].web_search.{name}[0]"])
