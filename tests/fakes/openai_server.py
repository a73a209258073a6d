"""Tests, fakes: a server of OpenAI's wires, chat and all beside it, that does what a script says.

In a test:

    async with FakeOpenAI(Answer(tokens=("Hi",))) as upstream:
        upstream.enqueue(rejections.SERVER_ERROR)   # for the next request only
        ...                                         # talk to upstream.base_url
        assert upstream.requests[0].body["model"] == "gpt-4o-mini"

As its own process: `python -m tests.fakes.openai_server --port 9801`.

What OpenAI would refuse of a request for a response is refused (`responses_rules.py`). Which script a request
gets stands in `upstream.py`, what the names of models stand for in `behaviours.py`.
"""

from collections.abc import Iterable

from openai.types import Model

from tests.fakes import openai_media_planner, responses, responses_planner
from tests.fakes.behaviours import BEHAVIOURS, behaviour
from tests.fakes.completions import CREATED, Head
from tests.fakes.planner import Reply, plan
from tests.fakes.received import Received
from tests.fakes.rejections import rejection
from tests.fakes.responses_rules import complaint
from tests.fakes.script import Script
from tests.fakes.upstream import Upstream, json_reply, serve

CHAT_PATH = "/chat/completions"
RESPONSES_PATH = "/responses"
MODELS_PATH = "/models"
DEFAULT_MODELS = ("gpt-4o-mini", "gpt-4o")


class FakeOpenAI(Upstream):
    """A scripted upstream on a loopback port, for as long as its context lasts."""

    @property
    def base_url(self) -> str:
        """What a client of this wire calls its base URL."""
        return f"http://{self.host}:{self.port}/v1"

    def behaviour(self, model: str) -> Script | None:
        """The script that a model's name stands for."""
        return behaviour(model)

    def reply_to(self, received: Received) -> Reply:
        """The answer to a request."""
        path = received.path.partition("?")[0]
        if received.method == "GET" and MODELS_PATH in path:
            return _models(path, (*DEFAULT_MODELS, *self.models, *BEHAVIOURS))
        if received.method == "POST" and path.endswith(RESPONSES_PATH):
            return self._respond(received)
        if received.method == "POST" and openai_media_planner.is_media(path):
            return self._media(received)
        if received.method != "POST" or not path.endswith(CHAT_PATH):
            return _canned(404, f"Invalid URL ({received.method} {path})")
        if not received.model or not received.body.get("messages"):
            return _canned(400, "you must provide a model and messages parameter")
        head = Head(
            id=f"chatcmpl-fake{len(self.requests)}",
            model=received.model,
            include_usage=bool((received.body.get("stream_options") or {}).get("include_usage")),
        )
        script = self.script_for(received.model)
        return plan(script, head, stream=bool(received.body.get("stream")))

    def _media(self, received: Received) -> Reply:
        wrong = openai_media_planner.complaint(received)
        if wrong is not None:
            return _canned(400, wrong)
        return openai_media_planner.plan(self.script_for(received.model), received)

    def _respond(self, received: Received) -> Reply:
        wrong = complaint(received.body)
        if wrong is not None:
            return _canned(400, wrong)
        head = responses.Head(
            id=f"resp_fake{len(self.requests)}",
            model=received.model,
            encrypted="reasoning.encrypted_content" in (received.body.get("include") or ()),
        )
        script = self.script_for(received.model)
        return responses_planner.plan(script, head, stream=bool(received.body.get("stream")))


def _canned(status: int, message: str) -> Reply:
    return plan(rejection(status, message), Head("", ""), stream=False)


def _models(path: str, names: Iterable[str]) -> Reply:
    listed = [Model(id=name, object="model", created=CREATED, owned_by="fake") for name in names]
    wanted = path.rpartition(MODELS_PATH)[2].lstrip("/")
    entries = [model.model_dump(exclude_unset=True) for model in listed]
    if not wanted:
        return json_reply({"object": "list", "data": entries})
    found = [entry for entry in entries if entry["id"] == wanted]
    return json_reply(found[0]) if found else _canned(404, f"The model '{wanted}' does not exist")


def main() -> None:
    """Serves every behaviour until it is interrupted, and prints the port when it listens."""
    serve(FakeOpenAI, main.__doc__)


if __name__ == "__main__":
    main()
