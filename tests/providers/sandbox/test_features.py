"""Tests of what the sandbox plays beside text and tool calls, whole and streamed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import Message, Part
from ringmain.v1.generation_pb2 import (
    FINISH_REASON_PAUSED,
    FINISH_REASON_STOP,
    MODALITY_AUDIO,
    MODALITY_IMAGE,
    MODALITY_TEXT,
    TOOL_MODE_NONE,
    CodeExecutionTool,
    FunctionTool,
    Tool,
    ToolMode,
    WebSearchTool,
)
from ringmain_server.errors import Rejected
from ringmain_server.operations.chat_fold import fold

from tests.providers.sandbox.bench import Bench, ask, text_of, user
from tests.providers.sandbox.test_answers import both

SEARCH = Tool(web_search=WebSearchTool(allowed_domains=["x.test"]))
CODE = Tool(code_execution=CodeExecutionTool())


def _with(text: str, *tools: Tool) -> ChatRequest:
    request = ask(text=text)
    request.tools.extend(tools)
    return request


def _then(request: ChatRequest, answer: ChatResponse, text: str = "") -> ChatRequest:
    """The conversation gone on with."""
    more = ChatRequest()
    more.CopyFrom(request)
    more.ClearField("tools")
    more.messages.append(answer.message)
    if text:
        more.messages.append(user(Part(text=text)))
    return more


async def test_its_own_tools_run_before_the_text_and_are_its_sources() -> None:
    """A search keeps to its domains and is cited by the text; code gives what it printed."""
    answer = await both(_with("find tides", SEARCH, CODE))
    search, code, text = answer.message.parts
    assert search.provider_tool_call.name == "web_search"
    assert search.provider_tool_call.arguments_json == '{"query": "find tides"}'
    pages = [result.citations[0].uri for result in search.provider_tool_call.results]
    assert pages == ["https://x.test/page-1", "https://x.test/page-2"]
    assert [result.text for result in code.provider_tool_call.results] == ["42\n"]
    assert [citation.uri for citation in text.citations] == pages
    cited = text.citations[0]
    assert text.text[cited.start_index : cited.end_index].endswith((".", ":"))
    assert (answer.finish_reason, answer.usage.web_search_count) == (FINISH_REASON_STOP, 1)


async def test_its_tools_fail_when_the_user_says_so() -> None:
    """A failed tool says why, and the answer goes on without it."""
    answer = await both(_with("please fail", SEARCH))
    assert answer.message.parts[0].provider_tool_call.failed
    assert not answer.message.parts[1].citations


async def test_no_tool_runs_where_none_may_be_called() -> None:
    """The tool choice holds for tools of both kinds."""
    request = _with("find tides", SEARCH)
    request.tool_choice.mode = TOOL_MODE_NONE
    assert [part.WhichOneof("content") for part in (await both(request)).message.parts] == ["text"]


@pytest.mark.parametrize("what", ["run", "thought"])
async def test_state_goes_back_as_it_came_and_no_other_is_taken(what: str) -> None:
    """The sandbox signs its tools and its reasoning, and refuses them when they were changed."""
    request = _with("find tides", SEARCH) if what == "run" else ask(reasoning_effort="REASONING_EFFORT_LOW")
    answer = await both(request)
    assert text_of(await both(_then(request, answer, "and?")))
    signed = answer.message.parts[0]
    assert signed.provider_id == "box"
    signed.signature = signed.signature.replace(b"tides" if what == "run" else b".", b"!")
    with pytest.raises(Rejected, match="came back changed"):
        await Bench().chat(_then(request, answer, "and?"))


async def test_a_paused_turn_goes_on_where_it_stopped() -> None:
    """Both turns together are the answer that was not paused."""
    request = ask(text="hello there")
    whole = text_of(await both(request))
    request.generation_config.provider_options["sandbox"].update({"pause_after": 5})
    paused = await both(request)
    assert paused.finish_reason == FINISH_REASON_PAUSED
    request.generation_config.ClearField("provider_options")
    rest = await both(_then(request, paused))
    assert rest.finish_reason == FINISH_REASON_STOP
    assert text_of(paused) + text_of(rest) == whole


async def test_every_token_has_its_probabilities() -> None:
    """As many of the likeliest tokens as were asked for, the token itself among them."""
    request = ask()
    request.generation_config.top_logprobs = 3
    part = (await both(request)).message.parts[0]
    assert "".join(token.token for token in part.logprobs) == part.text
    assert all(len(token.top) == 3 and token.top[0].token == token.token for token in part.logprobs)
    assert all(token.logprob <= 0 for token in part.logprobs)
    request.generation_config.top_logprobs = 0
    assert not (await both(request)).message.parts[0].logprobs[0].top


async def test_pictures_and_speech_follow_the_text() -> None:
    """A picture comes as PNG; speech is the text itself, in pieces of at most 256 KiB."""
    request = ask(text="a red circle")
    request.generation_config.output_modalities.extend([MODALITY_TEXT, MODALITY_IMAGE])
    text, picture = (await both(request)).message.parts
    assert "a red circle" in text.text
    assert picture.media.data.startswith(b"\x89PNG")
    request.generation_config.output_modalities[1] = MODALITY_AUDIO
    request.generation_config.audio_output.mime_type = "audio/pcm"
    events = await Bench().stream(request)
    assert fold(events) == await Bench().chat(request)
    pieces = [event.part_delta.data for event in events if event.part_delta.data]
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= 256 * 1024
    spoken = fold(events).message.parts[1]
    assert (spoken.media.mime_type, bool(spoken.signature)) == ("audio/pcm", True)


async def test_a_boundary_counts_as_read_from_the_cache() -> None:
    """The prompt up to the last boundary; without one all of it, where a cache is asked for."""
    request = ask(text="one two three")
    request.messages[0].parts[0].cache_boundary = True
    request.messages.append(Message(role=request.messages[0].role, parts=[Part(text="four five")]))
    assert (await both(request)).usage.cached_input_token_count == 3
    request.messages[0].parts[0].cache_boundary = False
    assert (await both(request)).usage.cached_input_token_count == 0
    request.generation_config.prompt_cache.key = "k"
    assert (await both(request)).usage.cached_input_token_count == 5


async def test_reasoning_keeps_to_a_budget_of_tokens() -> None:
    """The most words to reason with; none for zero."""
    for budget in (0, 1, 4):
        request = ask()
        request.generation_config.reasoning_token_budget = budget
        assert (await both(request)).usage.reasoning_token_count == budget


FUNCTION = Tool(function=FunctionTool(name="look"))


_TOOLS = st.lists(st.sampled_from([SEARCH, CODE, FUNCTION]), unique_by=str)


@st.composite
def _everything(draw: st.DrawFn) -> ChatRequest:
    """Requests for what an answer can hold, in any combination, and for an answer that is cut or paused."""
    tools = draw(_TOOLS)
    request = _with(draw(st.sampled_from(["hello", "look at tides", "please fail"])), *tools)
    named = draw(st.booleans())
    if tools and named:
        kind = tools[0].WhichOneof("kind") or ""
        request.tool_choice.tool_name = "look" if kind == "function" else kind
    elif tools:
        request.tool_choice.mode = draw(st.sampled_from(ToolMode.values()))
    config = request.generation_config
    modalities = st.sampled_from([MODALITY_TEXT, MODALITY_IMAGE, MODALITY_AUDIO])
    config.output_modalities.extend(draw(st.lists(modalities, unique=True)))
    if MODALITY_AUDIO in config.output_modalities:
        config.audio_output.mime_type = "audio/pcm"
    config.reasoning_token_budget = draw(st.sampled_from([0, 3, 400]))
    if draw(st.booleans()):
        config.top_logprobs = draw(st.integers(0, 2))
    if draw(st.booleans()):
        config.max_output_tokens = draw(st.sampled_from([1, 9, 40]))
    elif draw(st.booleans()):
        config.provider_options["sandbox"].update({"pause_after": 3})
    return request


@given(_everything())
async def test_everything_at_once_is_the_same_streamed(request: ChatRequest) -> None:
    """Whatever an answer holds together, and wherever it is cut, the stream folds to the whole."""
    kinds = [part.WhichOneof("content") for part in (await both(request)).message.parts]
    assert "media" not in kinds or "text" in kinds[: kinds.index("media")]


async def test_speech_says_of_what_type_it_is() -> None:
    """The sandbox has no encoder: it sends WAV in place of what it lacks, and says so."""
    request = ask(text="hello")
    request.generation_config.output_modalities.append(MODALITY_AUDIO)
    for wanted, given_type in (("audio/mpeg", "audio/wav"), ("audio/wav", "audio/wav"), ("audio/pcm",) * 2):
        request.generation_config.audio_output.mime_type = wanted
        speech = (await Bench().chat(request)).message.parts[1].media
        assert (speech.mime_type, speech.data.startswith(b"RIFF")) == (given_type, given_type != "audio/pcm")


async def test_only_the_tool_that_is_named_runs() -> None:
    """A choice of one tool is no choice of the others."""
    for name, runs in (("look", []), ("web_search", ["web_search"]), ("code_execution", ["code_execution"])):
        request = _with("hello", SEARCH, CODE, FUNCTION)
        request.tool_choice.tool_name = name
        parts = (await both(request)).message.parts
        assert [part.provider_tool_call.name for part in parts if part.HasField("provider_tool_call")] == runs
