"""Room 4, pure: translates the token counts of the Messages wire into `Usage`.

On this wire the three input counts exclude each other; in the contract they are nested
(https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance). If a
request took several steps, `iterations` counts each of them. The counts beside it leave out those of
compaction (https://platform.claude.com/docs/en/build-with-claude/compaction) and of an advisor, so the steps
are added up.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.prices import list_price
from ringmain_server.catalog.tokens import estimate
from ringmain_server.providers.numbers import count_of, place, total

_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
_MESSAGE = "message"
"""The type of a step that answers, and that the counts of the whole answer include."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One of the steps that a request took.

    Attributes:
        kind: The type of the step, such as `compaction`.
        model: The model that took it; empty if it is the one that was asked.
        counts: Its counts, by their names on the wire.
    """

    kind: str
    model: str
    counts: Mapping[str, int]


class Counts:
    """The provider's counts so far. Later counts are totals, and replace earlier ones.

    Args:
        candidate: The candidate that answers.
    """

    __slots__ = ("_candidate", "_found", "_searches", "_steps", "_thinking", "final")

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate
        self._found: dict[str, int] = {}
        self._steps: list[_Step] = []
        self._thinking = 0
        self._searches = 0
        self.final = False

    def update(self, usage: object, *, final: bool = True) -> None:
        """Reads the wire's `usage`; a count that is absent or null keeps its value.

        Args:
            usage: The wire's `usage`, unchanged.
            final: Whether the output is counted completely.
        """
        if not isinstance(usage, Mapping):
            return
        for name in _COUNTS:
            if (count := count_of(usage, name)) is not None:
                self._found[name] = count
        self._steps = _steps(usage.get("iterations")) or self._steps
        details = usage.get("output_tokens_details")
        if (count := count_of(details, "thinking_tokens")) is not None:
            self._thinking = count
        tools = usage.get("server_tool_use")
        if isinstance(tools, Mapping) and (searches := place(tools.get("web_search_requests"))) is not None:
            self._searches = searches
        self.final = final and "output_tokens" in self._found

    def usage(self, request: ChatRequest, answer_tokens: int) -> Usage:
        """Returns the usage: the provider's counts if it gave any, otherwise an estimate.

        Args:
            request: The caller's request.
            answer_tokens: The approximate number of tokens written so far.
        """
        if "input_tokens" not in self._found:
            found = estimate(request, answer_tokens)
            found.web_search_count = self._searches
            return found
        usage = _nested(self._totals())
        usage.web_search_count = self._searches
        if not self.final:
            usage.output_token_count = answer_tokens
            usage.estimated = True
            return usage
        usage.reasoning_token_count = min(self._thinking, usage.output_token_count)
        if any(step.kind != _MESSAGE for step in self._steps) and (cost := self._cost()) is not None:
            usage.cost_nano_usd = cost
        return usage

    def _totals(self) -> Mapping[str, int]:
        """Returns the counts of all steps together."""
        if not self._steps:
            return self._found
        return {name: total(0, *(step.counts[name] for step in self._steps)) for name in _COUNTS}

    def _cost(self) -> int | None:
        """Returns the cost of steps that each have their own model or size; None if a price is unknown."""
        cost = 0
        for step in self._steps:
            asked = step.model in ("", self._candidate.provider_model)
            price = self._candidate.price if asked else list_price(self._candidate.kind, step.model)
            found = None if price is None else price.cost_nano_usd(_nested(step.counts))
            if found is None:
                return None
            cost = total(cost, found)
        return cost


def _steps(found: object) -> list[_Step]:
    """Returns the steps of a request that are billed: an answer that was refused before its start is not."""
    steps: list[_Step] = []
    for one in found if isinstance(found, list) else ():
        counts = {name: count_of(one, name) or 0 for name in _COUNTS}
        if isinstance(one, Mapping) and (one.get("type") != _MESSAGE or counts["output_tokens"]):
            steps.append(_Step(str(one.get("type")), str(one.get("model") or ""), counts))
    return steps


def _nested(counts: Mapping[str, int]) -> Usage:
    """Returns the wire's counts as the contract nests them."""
    cached = counts.get("cache_read_input_tokens", 0)
    written = counts.get("cache_creation_input_tokens", 0)
    return Usage(
        input_token_count=total(counts.get("input_tokens", 0), cached, written),
        cached_input_token_count=cached,
        cache_write_input_token_count=written,
        output_token_count=counts.get("output_tokens", 0),
    )
