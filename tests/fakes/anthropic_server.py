"""Tests, fakes: a server of the Messages wire that does what a script says.

In a test:

    async with FakeAnthropic(Claude(tokens=("Hi",))) as upstream:
        upstream.enqueue(rejections.OVERLOADED)   # for the next request only
        ...                                       # talk to upstream.base_url
        assert upstream.requests[0].body["model"] == "claude-sonnet-4-5"

As its own process: `python -m tests.fakes.anthropic_server --port 9802`.

It also answers where Vertex and Bedrock have the wire. What Anthropic would refuse is refused
(`anthropic_rules.py`). Which script a request gets stands in `upstream.py`.
"""

import re

from anthropic.types import MessageTokensCount

from tests.fakes.anthropic_behaviours import behaviour
from tests.fakes.anthropic_eventstream import as_eventstream
from tests.fakes.anthropic_planner import plan
from tests.fakes.anthropic_rejections import FORBIDDEN, MODEL_NOT_FOUND, UNAUTHORIZED, invalid
from tests.fakes.anthropic_rules import complaint
from tests.fakes.planner import Reply, canned
from tests.fakes.received import Received
from tests.fakes.script import Canned, Script
from tests.fakes.upstream import Upstream, json_reply, serve

MESSAGES_PATH = "/v1/messages"
COUNT_PATH = "/v1/messages/count_tokens"
TOKEN_COUNT = 42
"""What every request counts."""

_VERTEX = re.compile(
    r"/projects/[^/]+/locations/[^/]+/publishers/anthropic/models/(?P<model>[^/:]+):(?P<verb>\w+)"
)
_BEDROCK = re.compile(r"/model/(?P<model>[^/]+)/(?P<verb>invoke|invoke-with-response-stream)")


class FakeAnthropic(Upstream):
    """A scripted upstream on a loopback port, for as long as its context lasts."""

    @property
    def base_url(self) -> str:
        """What a client of this wire calls its base URL."""
        return f"http://{self.host}:{self.port}"

    def behaviour(self, model: str) -> Script | None:
        """The script that a model's name stands for."""
        return behaviour(model)

    def reply_to(self, received: Received) -> Reply:
        """The answer to a request."""
        path = received.path.partition("?")[0]
        if received.method != "POST":
            return canned(MODEL_NOT_FOUND)
        if "authorization" not in received.headers and "x-api-key" not in received.headers:
            return canned(UNAUTHORIZED)
        if (vertex := _VERTEX.fullmatch(path)) is not None:
            return self._vertex(received, vertex["model"], vertex["verb"])
        if (bedrock := _BEDROCK.fullmatch(path)) is not None:
            stream = bedrock["verb"] != "invoke"
            reply = self._answer(received, bedrock["model"], stream=stream)
            return as_eventstream(reply) if stream and reply.status == 200 else reply
        if path not in (MESSAGES_PATH, COUNT_PATH):
            return canned(FORBIDDEN)
        if path == COUNT_PATH:
            return self._count(received, received.model)
        return self._answer(received, received.model, stream=received.body.get("stream") is True)

    def _vertex(self, received: Received, model: str, verb: str) -> Reply:
        if model == "count-tokens":
            return self._count(received, received.model)
        return self._answer(received, model, stream=verb == "streamRawPredict")

    def _answer(self, received: Received, model: str, *, stream: bool) -> Reply:
        if wrong := complaint(received.body, _version(received)):
            return canned(invalid(wrong))
        return plan(self.script_for(model), f"msg_fake{len(self.requests)}", model, stream=stream)

    def _count(self, received: Received, model: str) -> Reply:
        if wrong := complaint(received.body, _version(received), counting=True):
            return canned(invalid(wrong))
        script = self.script_for(model)
        if isinstance(script, Canned):
            return canned(script)
        return json_reply(MessageTokensCount(input_tokens=TOKEN_COUNT).model_dump())


def _version(received: Received) -> str:
    return str(received.body.get("anthropic_version") or received.headers.get("anthropic-version", ""))


def main() -> None:
    """Serves every behaviour until it is interrupted, and prints the port when it listens."""
    serve(FakeAnthropic, main.__doc__)


if __name__ == "__main__":
    main()
