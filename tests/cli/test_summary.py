"""Numbers as people read them."""

import pytest
from ringmain import Answer
from ringmain.v1.chat_service_pb2 import (
    ChatResponse,
    CountTokensResponse,
    EstimateCostResponse,
)
from ringmain.v1.content_pb2 import (
    Citation,
    Message,
    Part,
    ProviderToolCall,
    TokenLogprob,
    TokenLogprobs,
    ToolCall,
)
from ringmain.v1.generation_pb2 import FINISH_REASON_MAX_TOKENS
from ringmain.v1.routing_pb2 import Attempt, Route
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.cli.summary import about, estimate, money, seconds, summary


@pytest.mark.parametrize(
    ("nano_usd", "text"),
    [
        (None, "cost unknown"),
        (0, "$0"),
        (1, "$0.000000001"),
        (37, "$0.000000037"),
        (1_800, "$0.0000018"),
        (1_849, "$0.0000018"),
        (9_000_000, "$0.009"),
        (12_345_678, "$0.0123"),
        (2_500_000_000, "$2.5"),
        (10_000_000_000, "$10"),
    ],
)
def test_money(nano_usd: int | None, text: str) -> None:
    """Prices keep two digits that matter, and an unknown one is not zero."""
    assert money(nano_usd) == text


@pytest.mark.parametrize(("span", "text"), [(0.0851, "85 ms"), (1.239, "1.24 s")])
def test_seconds(span: float, text: str) -> None:
    """Spans under a second are in milliseconds."""
    assert seconds(span) == text


def test_line_tells_all() -> None:
    """The line names parts of counts, estimates, the cache, failover and an early stop."""
    answer = Answer(
        ChatResponse(
            finish_reason=FINISH_REASON_MAX_TOKENS,
            usage=Usage(
                input_token_count=12,
                output_token_count=34,
                cached_input_token_count=8,
                reasoning_token_count=5,
                estimated=True,
            ),
            route=Route(provider_id="p", provider_model="m", cache_hit=True, attempts=[Attempt(), Attempt()]),
        )
    )
    assert summary(answer, first=0.1, total=2) == (
        "p/m · about 12 in (8 cached), 34 out (5 reasoning) · cost unknown · first token 100 ms · "
        "total 2.00 s · from the cache · 2 attempts · stopped: max_tokens"
    )


def test_what_there_is_to_say_of_an_answer() -> None:
    """Tools, sources and probabilities each have a line."""
    top = [TokenLogprob(token="Yes", logprob=-0.1), TokenLogprob(token="No", logprob=-9999)]
    parts = [
        Part(provider_tool_call=ProviderToolCall(name="web_search", arguments_json='{"q": 1}', failed=True)),
        Part(
            text="Yes",
            citations=[
                Citation(filename="a.pdf", page_number=3),
                Citation(uri="https://a.example", title="A"),
            ],
            logprobs=[TokenLogprobs(token="Yes", logprob=-0.1, top=top)],
        ),
        Part(tool_call=ToolCall(name="f", arguments_json="{}")),
    ]
    answer = Answer(ChatResponse(message=Message(parts=parts), usage=Usage(web_search_count=2)))
    assert list(about(answer)) == [
        "asks for the tool f({})",
        'ran web_search({"q": 1}) and failed',
        "source 1: a.pdf, page 3",
        "source 2: A https://a.example",
        "'Yes' 90.5% · 'No' 0.0%",
    ]
    assert "2 web searches" in summary(answer, first=None, total=1)


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (EstimateCostResponse(), "3 tokens · cost unknown"),
        (EstimateCostResponse(min_cost_nano_usd=0, max_cost_nano_usd=0), "3 tokens · $0"),
        (EstimateCostResponse(min_cost_nano_usd=9_000_000), "3 tokens · $0.009 or more"),
    ],
)
def test_estimate(cost: EstimateCostResponse, text: str) -> None:
    """One price is said once, and one that is unknown is said to be."""
    assert estimate(CountTokensResponse(input_token_count=3), cost) == text
