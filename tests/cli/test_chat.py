"""`ringmain chat` and `ringmain tokens` against a scripted gateway."""

import json
from pathlib import Path

import grpc
import pytest
from google.protobuf.json_format import Parse
from ringmain.v1.chat_service_pb2 import (
    ChatEvent,
    ChatRequest,
    ChatResponse,
    CountTokensResponse,
    EstimateCostResponse,
)
from ringmain.v1.content_pb2 import (
    IMAGE_DETAIL_LOW,
    IMAGE_DETAIL_UNSPECIFIED,
    Citation,
    Message,
    Part,
    ProviderToolCall,
    Reasoning,
    ToolCall,
)
from ringmain.v1.generation_pb2 import FINISH_REASON_MAX_TOKENS, FINISH_REASON_PAUSED, REASONING_EFFORT_LOW
from ringmain.v1.model_service_pb2 import Candidate, ListModelsResponse, Model

from tests.cli.conftest import CommandLine
from tests.client.gateway import Gateway, answers, breaks, fails, streams
from tests.client.samples import (
    closed,
    events_of,
    finished,
    opened,
    recovered,
    response,
    started,
    text,
)


def asked(gateway: Gateway) -> ChatRequest:
    """The last request, which was a chat."""
    request = gateway.requests[-1]
    assert isinstance(request, ChatRequest)
    return request


def listed(*names: str) -> ListModelsResponse:
    """Models of one candidate each, named `provider/model`."""
    models = []
    for name in names:
        provider, _, model = name.partition("/")
        candidate = Candidate(provider_id=provider, provider_model=model)
        models.append(Model(model=name, candidates=[candidate]))
    return ListModelsResponse(models=models)


def test_answer_alone_is_on_stdout(gateway: Gateway, ringmain: CommandLine) -> None:
    """Standard output has the answer and nothing else; the line about it is on standard error."""
    gateway.script(streams(*events_of(["Hel", "lo"])))
    result = ringmain("chat", "Hi", "--model", "m")
    assert (result.exit_code, result.stdout) == (0, "Hello\n")
    assert "sandbox/chat · 3 in, 2 out · $0.0015 · first token " in result.stderr
    assert asked(gateway).model == "m"
    assert asked(gateway).messages[0].parts[0].text == "Hi"


def test_detail_without_an_image(ringmain: CommandLine) -> None:
    """A detail is refused where there is no image."""
    result = ringmain("chat", "Hi", "-m", "m", "--detail", "low")
    assert (result.exit_code, result.stderr) == (2, "error: --detail needs an --image to look at\n")


def test_every_flag_reaches_the_request(gateway: Gateway, ringmain: CommandLine, tmp_path: Path) -> None:
    """Each flag of `chat` sets its field of the request, files as bytes."""
    (tmp_path / "cat.png").write_bytes(b"\x89PNG")
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "s.json").write_text('{"type": "object"}')
    gateway.script(streams(*events_of(["x"])))
    flags = (
        f"--image {tmp_path}/cat.png --image https://x.test/y.png --file {tmp_path}/a.pdf "
        f"--system Briefly --max-tokens 9 --temperature 0.5 --seed 7 --reasoning low "
        f"--json-schema {tmp_path}/s.json --provider a --provider b --no-failover "
        "--label team=web --user u-1 --detail low --top-logprobs 2 --web-search --code-execution "
        "--option openai.user=me --option openai.audio.speed=2"
    )
    assert ringmain("chat", "Hi", "-m", "m", "--timeout", "30", *flags.split()).exit_code == 0
    request = asked(gateway)
    assert request.messages[0].parts[0].text == "Briefly"
    media = [part.media for part in request.messages[1].parts[1:]]
    assert [(m.data, m.uri, m.filename) for m in media] == [
        (b"\x89PNG", "", ""),
        (b"", "https://x.test/y.png", ""),
        (b"%PDF", "", "a.pdf"),
    ]
    details = [part.image_detail for part in request.messages[1].parts[1:]]
    assert details == [IMAGE_DETAIL_LOW, IMAGE_DETAIL_LOW, IMAGE_DETAIL_UNSPECIFIED]
    config = request.generation_config
    assert config.top_logprobs == 2
    assert (config.max_output_tokens, config.temperature, config.seed) == (9, 0.5, 7)
    assert config.response_format.json_schema.schema_json == '{"type": "object"}'
    assert config.reasoning_effort == REASONING_EFFORT_LOW
    assert dict(config.provider_options["openai"]) == {"user": "me", "audio": {"speed": 2}}
    policy = request.routing_policy
    assert (list(policy.provider_ids), policy.failover_disabled) == (["a", "b"], True)
    assert dict(request.attribution.labels) == {"team": "web"}
    assert request.attribution.user_id == "u-1"
    assert [tool.WhichOneof("kind") for tool in request.tools] == ["web_search", "code_execution"]
    remaining = gateway.timeouts[-1]
    assert remaining is not None
    assert 20 < remaining <= 30


def test_json_asks_for_an_object(gateway: Gateway, ringmain: CommandLine) -> None:
    """`--json` asks for any JSON object."""
    gateway.script(streams(*events_of(["{}"])))
    assert ringmain("chat", "Hi", "-m", "m", "--json").exit_code == 0
    assert asked(gateway).generation_config.response_format.HasField("json_object")


@pytest.mark.parametrize("args", [(), ("-",)])
def test_question_is_piped_in(gateway: Gateway, ringmain: CommandLine, args: tuple[str, ...]) -> None:
    """Without a prompt, or with a dash, the question is what is piped in."""
    gateway.script(streams(*events_of(["x"])))
    assert ringmain("chat", *args, "-m", "m", piped="From a pipe\n").exit_code == 0
    assert asked(gateway).messages[0].parts[0].text == "From a pipe"


def test_whole_answer(gateway: Gateway, ringmain: CommandLine) -> None:
    """`--no-stream` prints the answer of the unary method, without a first-token time."""
    whole = response("Whole")
    whole.message.parts.append(Part(tool_call=ToolCall(name="f", arguments_json="{}")))
    gateway.script(answers(whole))
    result = ringmain("chat", "Hi", "-m", "m", "--no-stream")
    assert result.stdout == "Whole\n"
    assert "asks for the tool f({})" in result.stderr
    assert "first token" not in result.stderr


def test_events_are_json_lines(gateway: Gateway, ringmain: CommandLine) -> None:
    """`--events` prints each event as a line of JSON with the contract's names, and no more."""
    events = events_of(["a", "b"])
    gateway.script(streams(*events))
    result = ringmain("chat", "Hi", "-m", "m", "--events")
    lines = result.stdout.splitlines()
    assert [Parse(line, ChatEvent()) for line in lines] == events
    assert json.loads(lines[0])["started"]["response_id"] == "r-1"
    assert result.stderr == ""


def test_restarted_answer_is_announced(gateway: Gateway, ringmain: CommandLine) -> None:
    """When an answer begins again, a line says so between the two."""
    gateway.script(
        streams(
            started(),
            opened(Part(text="Bro")),
            recovered(discarded=True),
            opened(Part(text="Whole")),
            closed(),
            finished(response("Whole")),
        )
    )
    result = ringmain("chat", "Hi", "-m", "m")
    assert result.stdout == "Bro\nWhole\n"
    assert "begins again" in result.stderr


def test_reasoning_stays_out_of_pipes(gateway: Gateway, ringmain: CommandLine) -> None:
    """Reasoning is shown on a terminal only."""
    thought = opened(Part(reasoning=Reasoning(text="Hmm")))
    gateway.script(
        streams(started(), thought, closed(), opened(Part(text="Yes"), 1), finished(response("Yes")))
    )
    result = ringmain("chat", "Hi", "-m", "m")
    assert result.stdout == "Yes\n"
    assert "Hmm" not in result.stderr


SEARCH = Part(provider_tool_call=ProviderToolCall(tool_call_id="s1", name="web_search", arguments_json="{}"))
FOUND = Part(text="Yes", citations=[Citation(title="Rings", uri="https://a.example")])


def test_searches_and_sources_are_shown(gateway: Gateway, ringmain: CommandLine) -> None:
    """Below the answer stand what the provider ran and the sources; a pipe gets the answer alone."""
    whole = response("")
    whole.message.CopyFrom(Message(parts=[Part(text="Hm, "), SEARCH, FOUND]))
    parts = [opened(part, index) for index, part in enumerate(whole.message.parts)]
    gateway.script(streams(started(), *parts, finished(whole)), answers(whole))
    for flags in ((), ("--no-stream",)):
        result = ringmain("chat", "Hi", "-m", "m", "--web-search", *flags)
        assert (result.exit_code, result.stdout) == (0, "Hm, Yes\n")
        lines = result.stderr.splitlines()
        assert lines[:2] == ["ran web_search({})", "source 1: Rings https://a.example"]


def test_a_paused_turn_goes_on(gateway: Gateway, ringmain: CommandLine) -> None:
    """While the provider pauses, the conversation is sent again with the answer at its end."""
    paused = response("One ")
    paused.finish_reason = FINISH_REASON_PAUSED
    first = streams(started(), opened(Part(text="One ")), closed(), finished(paused))
    gateway.script(first, streams(*events_of(["two"])), answers(paused), answers(response("two")))
    for flags in ((), ("--no-stream",)):
        result = ringmain("chat", "Hi", "-m", "m", *flags)
        assert (result.exit_code, result.stdout) == (0, "One \ntwo\n")
        assert "stopped: paused" in result.stderr
        said = [part.text for message in asked(gateway).messages for part in message.parts]
        assert said == ["Hi", "One "]


def test_broken_stream_shows_what_came(gateway: Gateway, ringmain: CommandLine) -> None:
    """A stream that fails leaves its text on stdout, its reason on stderr, and exit code 1."""
    failing = fails(grpc.StatusCode.ABORTED, "STREAM_INTERRUPTED")
    gateway.script(breaks(started(), opened(Part(text="Hal")), text("f"), failing=failing))
    result = ringmain("chat", "Hi", "-m", "m")
    assert (result.exit_code, result.stdout) == (1, "Half\n")
    assert result.stderr == "error: STREAM_INTERRUPTED: it is ABORTED\n"


@pytest.mark.parametrize(
    ("names", "model", "said"),
    [
        ([], "sandbox/chat", False),
        (["sandbox/chat", "sandbox/echo"], "sandbox/chat", False),
        (["sandbox/chat", "openai/gpt-4o-mini"], "openai/gpt-4o-mini", True),
    ],
)
def test_model_when_none_is_named(
    gateway: Gateway, ringmain: CommandLine, names: list[str], model: str, said: bool
) -> None:
    """Without a name a real provider's model is asked, and said so, else the sandbox."""
    gateway.script(answers(listed(*names)), streams(*events_of(["x"])))
    result = ringmain("chat", "Hi")
    assert asked(gateway).model == model
    assert (f"asking {model}" in result.stderr) is said


def test_model_of_the_environment(gateway: Gateway, ringmain: CommandLine) -> None:
    """RINGMAIN_MODEL names the model where no flag does."""
    gateway.script(streams(*events_of(["x"])))
    assert ringmain("chat", "Hi", RINGMAIN_MODEL="mine").exit_code == 0
    assert asked(gateway).model == "mine"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("Hi", "--image", "/none/cat.png"), "cannot read /none/cat.png: No such file"),
        (("Hi", "--json-schema", "/none/s.json"), "--json-schema: cannot read /none/s.json"),
        (("Hi", "--json-schema", "{nope"), "--json-schema is no JSON"),
        (("Hi", "--label", "team"), "--label takes NAME=VALUE, not 'team'"),
        (("Hi", "--option", "user=me"), "--option takes KIND.KEY=VALUE, not 'user'"),
        (("Hi", "--option", "a.b=1", "--option", "a.b.c=2"), "a.b.c is inside a value"),
        (("Hi", "--events", "--no-stream"), "--events needs a stream"),
        (("  ",), "nothing is asked"),
        ((), "nothing is asked"),
        (("Hi", "--reasoning", "hard"), "Invalid value for '--reasoning'"),
    ],
)
def test_mistakes_of_the_person(ringmain: CommandLine, args: tuple[str, ...], said: str) -> None:
    """A flag that cannot be right ends with exit code 2 and says which one."""
    result = ringmain("chat", "-m", "m", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_empty_words_with_an_image(gateway: Gateway, ringmain: CommandLine, tmp_path: Path) -> None:
    """A question may be an image alone."""
    (tmp_path / "cat.png").write_bytes(b"\x89PNG")
    gateway.script(streams(*events_of(["x"])))
    assert ringmain("chat", "", "-m", "m", "--image", f"{tmp_path}/cat.png").exit_code == 0


def test_tokens_and_estimate(gateway: Gateway, ringmain: CommandLine) -> None:
    """`tokens` prints the count and the span of costs."""
    gateway.script(
        answers(CountTokensResponse(input_token_count=12, estimated=True)),
        answers(EstimateCostResponse(min_cost_nano_usd=1_800, max_cost_nano_usd=9_000_000)),
    )
    result = ringmain("tokens", "Hi", "-m", "m")
    assert result.stdout == "about 12 tokens · $0.0000018 to $0.009\n"


def test_answer_without_text(gateway: Gateway, ringmain: CommandLine) -> None:
    """An empty answer prints nothing but the line about it."""
    gateway.script(streams(started(), finished(ChatResponse(finish_reason=FINISH_REASON_MAX_TOKENS))))
    result = ringmain("chat", "Hi", "-m", "m")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "stopped: max_tokens" in result.stderr
