"""Tests, fakes: the Gemini developer API, which does over HTTP what scripts of Vertex AI's wire tell it.

https://ai.google.dev/api/generate-content: JSON, and server-sent events for streams. What only a connection
can do wrong is tried with the other HTTP upstreams.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import MessageToDict
from ringmain_server.providers.vertex import wire

from tests.fakes.vertex_behaviours import behaviour
from tests.fakes.vertex_media import VECTOR, predictions, usual, vector
from tests.fakes.vertex_script import HELLO, Answer, Fault, Flap, Status, whole

_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


class FakeGemini:
    """A scripted upstream on a loopback port, for as long as its context lasts.

    Attributes:
        requests: Path, headers and body of each request.
        left: Set when the client left a stream.
        scripts: For the next requests, one each; afterwards the models' names count again.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, Mapping[str, str], Any]] = []
        self.left = asyncio.Event()
        self.scripts: deque[Answer | Status] = deque()
        self.port = 0
        self._runner: web.ServerRunner | None = None

    @property
    def base_url(self) -> str:
        """What a client calls its base URL."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(
            web.Server(self._handle, handler_cancellation=True), shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        self.requests.append((request.path_qs, request.headers, body))
        model, _, method = request.path.rpartition("/")[2].partition(":")
        if self.scripts:
            return await self._answer(request, self.scripts.popleft(), method, body)
        script = behaviour(model) or HELLO
        if isinstance(script, Flap):
            script = script.success
        if method == "countTokens" and isinstance(script, Answer):
            return web.json_response({"totalTokens": 5} if model != "fault-malformed" else {})
        return await self._answer(request, script, method, body)

    async def _answer(
        self, request: web.BaseRequest, script: Answer | Status, method: str, body: Any
    ) -> web.StreamResponse:
        if isinstance(script, Status):
            return refusal(script)
        if method in ("predict", "batchEmbedContents"):
            return web.Response(body=_plain(script, method, body), content_type="application/json")
        if script is HELLO:
            script = usual(body.get("generationConfig", {})) or script
        if method == "generateContent":
            return web.Response(body=_whole(script), content_type="application/json")
        return await self._stream(request, script)

    async def _stream(self, request: web.BaseRequest, script: Answer) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for message in script.messages[: script.after] if script.fault else script.messages:
            await response.write(b"data: " + _json(message) + b"\r\n\r\n")
        if script.fault is Fault.STALL:
            try:
                await asyncio.Event().wait()
            finally:
                self.left.set()
        elif script.fault is Fault.MALFORMED:
            await response.write(b"data: {oops\r\n\r\n")
        elif script.fault is Fault.GIANT:
            await response.write(b"data: " + b"x" * (2 << 20))
        elif script.fault is Fault.CUT:
            error = {"code": 503, "message": "Overloaded.", "status": "UNAVAILABLE"}
            await response.write(b"data: " + orjson.dumps({"error": error}) + b"\r\n\r\n")
        await response.write_eof()
        return response


def _plain(script: Answer, method: str, body: Any) -> bytes:
    if script.fault is Fault.MALFORMED:
        return b"{oops"
    if script.fault is Fault.EMPTY:
        return b"{}"
    if method == "batchEmbedContents":
        texts = [one["content"]["parts"][0]["text"] for one in body["requests"]]
        size = body["requests"][0].get("outputDimensionality", VECTOR)
        return orjson.dumps({"embeddings": [{"values": vector(text, size)} for text in texts]})
    found = script.predictions
    if found is None:
        found = predictions(body["instances"], body["parameters"])
    return orjson.dumps({"predictions": list(found)})


def _whole(script: Answer) -> bytes:
    if script.fault is Fault.MALFORMED:
        return b"{oops"
    if script.fault is Fault.EMPTY:
        return b"{}"
    return _json(whole(script.messages))


def _json(message: wire.GenerateContentResponse) -> bytes:
    """A message as the developer API writes it, whose calls have ids."""
    found = MessageToDict(message)
    for candidate in found.get("candidates", []):
        for part in candidate.get("content", {}).get("parts", []):
            part.get("functionCall", {}).update(id="their-id")
    return orjson.dumps({**found, "somethingNew": {"a": 1}})


def refusal(status: Status) -> web.Response:
    """A status as the developer API answers it."""
    details = []
    for detail in status.details:
        packed = Packed()
        packed.Pack(detail)
        details.append(MessageToDict(packed))
    name = status.code.name
    code = _STATUSES.get(name, 500)
    body = {"error": {"code": code, "message": status.message, "status": name, "details": details}}
    return web.json_response(body, status=code)
