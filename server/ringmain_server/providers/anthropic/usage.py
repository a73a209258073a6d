"""Room 4, pure: translates the token counts of the Messages wire into `Usage`.

On this wire the three input counts exclude each other; in the contract they are nested
(https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance).
"""

from collections.abc import Mapping

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.catalog.tokens import estimate
from ringmain_server.providers.numbers import count_of, place

_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")


class Counts:
    """The provider's counts so far. Later counts are totals, and replace earlier ones."""

    __slots__ = ("_found", "_searches", "_thinking", "final")

    def __init__(self) -> None:
        self._found: dict[str, int] = {}
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
        cached = self._found.get("cache_read_input_tokens", 0)
        written = self._found.get("cache_creation_input_tokens", 0)
        return Usage(
            input_token_count=self._found["input_tokens"] + cached + written,
            cached_input_token_count=cached,
            cache_write_input_token_count=written,
            output_token_count=self._found["output_tokens"] if self.final else answer_tokens,
            reasoning_token_count=min(self._thinking, self._found["output_tokens"]) if self.final else 0,
            web_search_count=self._searches,
            estimated=not self.final,
        )
