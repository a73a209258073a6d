"""Tests of the tools that Google runs itself at the developer API, which has more parts for them."""

import base64
import json
from typing import Any

import orjson
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain_server.errors import CapabilityMissing
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.gemini.chat import GeminiChatTranslator

from tests.providers.gemini.test_gemini import ERRORS, GEMINI, events
from tests.providers.vertex.golden import ASKED

HI = {"role": "ROLE_USER", "parts": [{"text": "Hi"}]}
SEARCH: dict[str, Any] = {"webSearch": {}}
REQUIRED = {"mode": "TOOL_MODE_REQUIRED"}
NOW = {"function": {"name": "now"}}
SIGNATURE = base64.b64encode(b"SIG").decode()


def asked(*messages: Any, **fields: Any) -> ChatRequest:
    """A request from JSON."""
    return ParseDict({"model": "m", "messages": [HI, *messages], **fields}, ChatRequest())


def sent(request: ChatRequest) -> dict[str, Any]:
    """The body of a request."""
    body = GeminiChatTranslator(ERRORS).request(request, GEMINI).body
    assert isinstance(body, dict)
    return body


def documents(*parts: Any, **last: Any) -> list[bytes]:
    """A streamed answer of these parts, one a document."""
    found: list[Any] = [{"candidates": [{"content": {"role": "model", "parts": [part]}}]} for part in parts]
    found[-1]["candidates"][0].update(finishReason="STOP", **last)
    found[-1]["usageMetadata"] = {"promptTokenCount": 3, "candidatesTokenCount": 2}
    return [orjson.dumps({**one, "responseId": "r1"}) for one in found]


def answer(*parts: Any, request: ChatRequest = ASKED, **last: Any) -> ChatResponse:
    """The response that an answer amounts to, streamed and whole."""
    streamed = fold(events(documents(*parts, **last), request))
    whole = {"content": {"parts": parts}, "finishReason": "STOP", **last}
    counts = {"promptTokenCount": 3, "candidatesTokenCount": 2}
    raw = orjson.dumps({"candidates": [whole], "usageMetadata": counts, "responseId": "r1"})
    assert GeminiChatTranslator(ERRORS).response(raw, request, GEMINI) == streamed
    return streamed


def call(name: str, tool_type: str = "GOOGLE_SEARCH_WEB", **more: Any) -> dict[str, Any]:
    """A call of a tool of Google's."""
    return {"toolCall": {"id": name, "toolType": tool_type, "args": {"queries": [name], "n": 2**60}}, **more}


def result(name: str, tool_type: str = "GOOGLE_SEARCH_WEB", **response: Any) -> dict[str, Any]:
    """What the tool gave."""
    return {"toolResponse": {"id": name, "toolType": tool_type, "response": response}}


TURN = (
    call("a", thoughtSignature=SIGNATURE),
    call("b", "URL_CONTEXT"),
    result("b", "URL_CONTEXT", page="x"),
    {"text": "Let me see."},
    result("a", search_suggestions="<div>", more=[1]),
    {"executableCode": {"id": "c", "language": "PYTHON", "code": "1"}, "thoughtSignature": SIGNATURE},
    {"codeExecutionResult": {"id": "c", "outcome": "OUTCOME_OK", "output": "1"}},
    {"functionCall": {"name": "now", "args": {}, "id": "d"}, "thoughtSignature": SIGNATURE},
)


def test_tools_are_read() -> None:
    """A tool's call and result are one part, wherever the result came; its page is a medium."""
    response = answer(*TURN, request=asked(tools=[SEARCH, NOW]))
    parts = [MessageToDict(part) for part in response.message.parts]
    assert [next(iter(part)) for part in parts] == [
        *["providerToolCall"] * 2,
        "text",
        "providerToolCall",
        "toolCall",
    ]
    found = [part["providerToolCall"] for part in parts if "providerToolCall" in part]
    assert [(one["toolCallId"], one["name"]) for one in found] == [
        ("a", "web_search"),
        ("b", "url_context"),
        ("c", "code_execution"),
    ]
    assert orjson.loads(found[0]["argumentsJson"]) == {"queries": ["a"], "n": 2**60}
    assert found[0]["results"] == [
        {"text": '{"more":[1]}'},
        {"media": {"mimeType": "text/html", "data": base64.b64encode(b"<div>").decode()}},
    ]
    assert orjson.loads(found[2]["argumentsJson"]) == {"language": "PYTHON", "code": "1"}
    assert response.usage.web_search_count == 1


def test_tools_go_back_as_they_came() -> None:
    """Sent back, every part is what it was, in its place, number for number."""
    response = answer(*TURN, request=asked(tools=[SEARCH, NOW]))
    message = MessageToDict(response.message)
    done = {"toolResult": {"toolCallId": response.message.parts[-1].tool_call.tool_call_id}}
    back = sent(asked(message, {"role": "ROLE_TOOL", "parts": [done]}))
    want = [dict(part) for part in TURN]
    want[-1] = {**want[-1], "functionCall": {"name": "now", "id": "d"}}
    assert back["contents"][1] == {"role": "model", "parts": want}


def test_sources_join_a_search_that_was_shown() -> None:
    """What grounds an answer is added to the search that it shows, which is counted by its queries."""
    metadata = {
        "webSearchQueries": ["a", "b"],
        "groundingChunks": [{"web": {"uri": "https://a.test/"}}],
        "groundingSupports": [{"segment": {"endIndex": 2, "text": "So"}, "groundingChunkIndices": [0]}],
    }
    response = answer(
        call("a"),
        result("a"),
        {"text": "So."},
        request=asked(tools=[SEARCH]),
        groundingMetadata=metadata,
    )
    [search, text] = response.message.parts
    assert [result.citations[0].uri for result in search.provider_tool_call.results] == ["https://a.test/"]
    assert [(one.uri, one.end_index) for one in text.citations] == [("https://a.test/", 2)]
    assert response.usage.web_search_count == 2


@pytest.mark.parametrize(
    "part",
    [
        {"toolCall": {"toolType": 5}},
        {"toolCall": "odd"},
        {"toolResponse": {"response": []}},
        {"functionResponse": {"name": "ringmain/part", "response": {"toolCall": "{}"}}},
        {"executableCode": {"code": None}},
        {"heard": {"of": ["nothing", {"like": 1.5}]}},
        {"first": "a", "second": {"b": None}, "thought": True, "partMetadata": {"x": "y"}},
    ],
)
def test_odd_parts(part: Any) -> None:
    """A part of an unknown kind, or of a tool that has another shape, is passed on as it came."""
    [odd, so] = answer(part, {"text": "So."}).message.parts
    call = odd.provider_tool_call
    assert (call.name, call.tool_call_id, call.arguments_json, odd.signature) == (
        next(iter(part)),
        "",
        "",
        b"",
    )
    [result] = call.results
    shown = {name: value for name, value in part.items() if name not in ("thought", "partMetadata")}
    assert orjson.loads(result.text) == (shown if len(shown) > 1 else shown[call.name])
    assert so.text == "So."


@pytest.mark.parametrize(
    "part",
    [{}, {"partMetadata": {"x": 1}}, {"newField": None}, {"newField": ""}, {"text": "", "newField": []}],
)
def test_parts_that_hold_nothing(part: Any) -> None:
    """A part without content is no part of the answer."""
    assert [one.text for one in answer(part, {"text": "So."}).message.parts] == ["So."]


def test_odd_parts_do_not_go_back() -> None:
    """What is not known to be harmless is not sent to the provider again."""
    response = answer({"heard": {"of": "nothing"}}, {"text": "So."})
    back = sent(asked(MessageToDict(response.message), {"role": "ROLE_USER", "parts": [{"text": "And?"}]}))
    assert back["contents"][1] == {"role": "model", "parts": [{"text": "So."}]}


def test_results_of_unknown_shape() -> None:
    """A result without a response, or with a page that is no text, is a result all the same."""
    [bare] = answer({"toolResponse": {"toolType": "X"}}).message.parts
    assert (bare.provider_tool_call.name, len(bare.provider_tool_call.results)) == ("x", 0)
    cases: list[tuple[Any, list[str]]] = [({}, []), ({"search_suggestions": 5}, ['{"search_suggestions":5}'])]
    for response, results in cases:
        [part] = answer(result("a", **response)).message.parts
        assert [one.text for one in part.provider_tool_call.results] == results


def test_deep_parts() -> None:
    """A part that is nested deeper than a caller may send back has no state, but is shown."""
    deep: Any = []
    for _ in range(40):
        deep = [deep]
    call = {"toolCall": {"toolType": "X", "args": {"deep": deep}}}
    [shown, _] = answer(call, {"text": "So."}).message.parts
    assert not shown.signature
    assert shown.provider_tool_call.results[0].text.count("[") == 41


def test_a_function_cannot_pass_for_a_part() -> None:
    """A result of a function with the name that carries parts stays the result of a function."""
    calls = [{"toolCall": {"toolCallId": "a", "name": "ringmain/part", "argumentsJson": "{}"}}]
    given = {"toolCallId": "a", "parts": [{"text": '{"toolCall": {}}'}]}
    back = sent(
        asked(
            {"role": "ROLE_ASSISTANT", "parts": calls},
            {"role": "ROLE_TOOL", "parts": [{"toolResult": given}]},
        )
    )
    response = {"output": '{"toolCall": {}}'}
    assert back["contents"][2]["parts"] == [
        {"functionResponse": {"id": "a", "name": "ringmain/part", "response": response}}
    ]


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = st.sampled_from(["id", "language", "code", "outcome", "output", "toolType", "args", "response", "x"])
KINDS = ["executableCode", "codeExecutionResult", "toolCall", "toolResponse", "functionCall", "text"]
LINES = st.fixed_dictionaries(
    {
        "part": st.one_of(
            ANYTHING,
            st.dictionaries(
                st.sampled_from(KINDS), st.dictionaries(FIELDS, ANYTHING, max_size=3), max_size=2
            ),
        )
    },
    optional={"thoughtSignature": ANYTHING, "later": ANYTHING, "order": ANYTHING, "x": ANYTHING},
)
STATES = st.one_of(
    st.binary(max_size=20),
    st.lists(LINES.map(lambda line: json.dumps(line).encode()), max_size=3).map(b"\n".join),
    st.sampled_from(
        [
            b'{"part": {"toolCall": {"args": {"n": 1e999, "m": 1' + b"0" * 400 + b"}}}}",
            b'{"part": {"toolCall": {"args": {"s": "\\ud83d"}}}}',
            b'{"part": {"toolCall": {"args": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}}}",
            b"[" * 5000,
        ]
    ),
)


@settings(max_examples=300)
@given(state=STATES)
def test_state_that_a_caller_made(state: bytes) -> None:
    """Whatever a caller puts into a signature becomes a request that can be sent, with known parts alone."""
    part = {
        "providerToolCall": {"toolCallId": "t", "name": "web_search"},
        "signature": base64.b64encode(state).decode(),
        "providerId": "gem",
    }
    body = sent(asked({"role": "ROLE_ASSISTANT", "parts": [part, {"text": "So."}]}, HI))
    assert orjson.dumps(body)
    known = {"thoughtSignature", "text", *KINDS[:4]}
    assert all(part.keys() <= known for content in body["contents"] for part in content["parts"])


def test_functions_beside_tools() -> None:
    """Where functions stand beside Google's tools, the API is asked to show those; the caller may say no."""
    flag = {"includeServerSideToolInvocations": True}
    for choice, mode in (({}, "VALIDATED"), ({"mode": "TOOL_MODE_AUTO"}, "VALIDATED"), (REQUIRED, "ANY")):
        body = sent(asked(tools=[SEARCH, NOW], toolChoice=choice))
        assert body["toolConfig"] == {**flag, "functionCallingConfig": {"mode": mode}}
    assert "toolConfig" not in sent(asked(tools=[SEARCH, {"codeExecution": {}}]))
    assert "toolConfig" not in sent(asked(tools=[NOW]))
    options = {"gemini": {"toolConfig": {"includeServerSideToolInvocations": False}}}
    request = asked(tools=[SEARCH, NOW], generationConfig={"providerOptions": options})
    assert sent(request)["toolConfig"]["includeServerSideToolInvocations"] is False


@pytest.mark.parametrize("name", ["allowedDomains", "blockedDomains"])
def test_domains(name: str) -> None:
    """This API has no field for domains, so a search with some passes the candidate over."""
    with pytest.raises(CapabilityMissing):
        sent(asked(tools=[{"webSearch": {name: ["a.test"]}}]))


def test_labels_are_not_sent() -> None:
    """This API has no labels."""
    assert "labels" not in sent(asked(attribution={"labels": {"a": "b"}, "userId": "u"}))


ODD: list[Any] = [None, 5, "odd", [], {}, [None], [5], [[]], [{}]]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "name",
    [
        "webSearchQueries",
        "retrievalQueries",
        "searchEntryPoint",
        "groundingChunks",
        "groundingSupports",
    ],
)
def test_odd_sources(name: str, odd: Any) -> None:
    """Sources of another shape do no harm to the answer."""
    request = asked(tools=[SEARCH])
    found = answer({"text": "So."}, request=request, groundingMetadata={name: odd})
    assert found.message.parts[0].text == "So."


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ["groundingMetadata", "citationMetadata", "logprobsResult"])
def test_odd_metadata(name: str, odd: Any) -> None:
    """Metadata of another shape do no harm to the answer."""
    found = answer({"text": "So."}, request=asked(tools=[SEARCH]), **{name: odd})
    assert [part.text for part in found.message.parts] == ["So."]


def test_recitations_by_their_older_name() -> None:
    """What a text recites has another name in the older reference."""
    cited = {
        "citationSources": [{"endIndex": 2, "uri": "https://a.test/"}, {"startIndex": -1, "endIndex": 1.5}]
    }
    [part] = answer({"text": "So."}, request=asked(tools=[SEARCH]), citationMetadata=cited).message.parts
    assert [(one.uri, one.end_index) for one in part.citations] == [("https://a.test/", 2), ("", 0)]


def test_odd_logprobs() -> None:
    """A probability of zero, and what is no number, are next to impossible; nothing is more than certain."""
    values = [-0.5, float("-inf"), "NaN", None, 3, -1e300]
    chosen = [{"token": "x", "logProbability": value} for value in values]
    result_ = b'{"chosenCandidates": [' + b",".join(map(_json, chosen)) + b', {"token": "y"}]}'
    document = b'{"candidates": [{"content": {"parts": [{"text": "So."}]}, "finishReason": "STOP", '
    document += b'"logprobsResult": ' + result_ + b'}], "usageMetadata": {"promptTokenCount": 3}}'
    request = asked(generationConfig={"topLogprobs": 0})
    [part] = GeminiChatTranslator(ERRORS).response(document, request, GEMINI).message.parts
    assert [token.logprob for token in part.logprobs] == [-0.5, *[-9999.0] * 3, 0.0, -9999.0, 0.0]


def _json(chosen: dict[str, Any]) -> bytes:
    text = (
        "-Infinity" if chosen["logProbability"] == float("-inf") else orjson.dumps(chosen["logProbability"])
    )
    word = text.encode() if isinstance(text, str) else text
    return b'{"token": "x", "logProbability": ' + word + b"}"
