"""Command line, pure: formats numbers for people."""

import math
from collections.abc import Iterator

from ringmain import Answer
from ringmain.v1.chat_service_pb2 import CountTokensResponse, EstimateCostResponse
from ringmain.v1.content_pb2 import Citation
from ringmain.v1.usage_pb2 import Usage


def summary(answer: Answer, *, first: float | None, total: float) -> str:
    """Returns the line below an answer.

    Args:
        answer: The answer.
        first: Seconds until its first content, None if it did not come in pieces.
        total: Seconds until its end.
    """
    return " · ".join(_facts(answer, first, total))


def about(answer: Answer) -> Iterator[str]:
    """Yields a line for each tool, source and token that there is something to say about."""
    for call in answer.tool_calls:
        yield f"asks for the tool {call.name}({call.arguments_json})"
    for ran in answer.provider_tool_calls:
        yield f"ran {ran.name}({ran.arguments_json}){' and failed' if ran.failed else ''}"
    for number, source in enumerate(answer.sources, 1):
        yield f"source {number}: {_source(source)}"
    for token in answer.logprobs:
        others = [_probability(one.token, one.logprob) for one in token.top if one.token != token.token]
        yield " · ".join([_probability(token.token, token.logprob), *others])


def _source(source: Citation) -> str:
    page = f", page {source.page_number}" if source.page_number else ""
    place = source.uri or f"{source.filename}{page}"
    return " ".join(filter(None, (source.title, place)))


def _probability(token: str, logprob: float) -> str:
    return f"{token!r} {math.exp(logprob):.1%}"


def _facts(answer: Answer, first: float | None, total: float) -> Iterator[str]:
    yield f"{answer.provider}/{answer.provider_model}"
    yield tokens(answer.usage)
    yield money(answer.usage.cost_nano_usd if answer.usage.HasField("cost_nano_usd") else None)
    if searches := answer.usage.web_search_count:
        yield f"{searches} web search{'es' if searches > 1 else ''}"
    if first is not None:
        yield f"first token {seconds(first)}"
    yield f"total {seconds(total)}"
    if answer.route.cache_hit:
        yield "from the cache"
    if len(answer.route.attempts) > 1:
        yield f"{len(answer.route.attempts)} attempts"
    if answer.finish_reason != "stop":
        yield f"stopped: {answer.finish_reason or 'unknown'}"


def tokens(usage: Usage) -> str:
    """Formats a usage, such as `12 in (8 cached), 34 out (5 reasoning)`."""
    about = "about " if usage.estimated else ""
    cached = _part(usage.cached_input_token_count, "cached")
    reasoning = _part(usage.reasoning_token_count, "reasoning")
    return f"{about}{usage.input_token_count} in{cached}, {usage.output_token_count} out{reasoning}"


def estimate(count: CountTokensResponse, cost: EstimateCostResponse) -> str:
    """Formats a prompt's size and cost, such as `12 tokens · $0.00001 to $0.002`."""
    about = "about " if count.estimated else ""
    return f"{about}{count.input_token_count} tokens · {_span(cost)}"


def _span(cost: EstimateCostResponse) -> str:
    least = money(cost.min_cost_nano_usd if cost.HasField("min_cost_nano_usd") else None)
    if not cost.HasField("max_cost_nano_usd"):
        return f"{least} or more" if cost.HasField("min_cost_nano_usd") else least
    most = money(cost.max_cost_nano_usd)
    return least if least == most else f"{least} to {most}"


def _part(count: int, name: str) -> str:
    return f" ({count} {name})" if count else ""


def money(nano_usd: int | None) -> str:
    """Formats a price in US dollars, with two significant digits below a cent.

    Args:
        nano_usd: Units of 1e-9 dollars; None is unknown, which is not the same as free.
    """
    if nano_usd is None:
        return "cost unknown"
    dollars, digits = nano_usd / 1e9, 4
    while digits < 9 and 0 < dollars * 10**digits < 9.5:
        digits += 1
    return "$" + f"{dollars:.{digits}f}".rstrip("0").rstrip(".")


def seconds(span: float) -> str:
    """Formats a span, such as `85 ms` or `1.24 s`."""
    return f"{span * 1000:.0f} ms" if span < 1 else f"{span:.2f} s"
