"""Tests, faults: one of the catalogue's two upstreams, in its own process.

`python -m tests.faults.upstream primary` prints its ports and serves until it is told to end. The name of a
model is the name of a trial and selects its script. `GET /received` says what arrived so far: times are those
of the machine's monotonic clock, which all processes share. `GET /received?model=NAME` says it of one model.

A stream that is to break after content goes on behind its first token when the caller has heard that, which
`POST /heard?model=NAME` says. Else a gateway that is kept waiting would read content and fault at once.
"""

import argparse
import asyncio
import gc
import json
import logging
import signal
import ssl
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace

import trustme
from aiohttp import web

from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.planner import ENDS_AFTER_TOKENS, Reply, WaitForTest
from tests.fakes.received import Received
from tests.fakes.script import Answer, Canned, FaultKind, Script
from tests.fakes.upstream import json_reply
from tests.faults.catalogue import CATALOGUE, case_name, cases
from tests.faults.rows import ClosesAfter, Dynamic, Scripted, Side

CONTROL_PATH = "/received"
HEARD_PATH = "/heard"
_UP_TO_CONTENT = 2
"""Writes of a stream until its first content: what opens it, and a token."""


class CatalogueUpstream(FakeOpenAI):
    """A scripted upstream that also takes scripts of the catalogue, and says what it received.

    Args:
        scripts: By model.
    """

    def __init__(self, scripts: Mapping[str, Scripted]) -> None:
        fixed: dict[str, Script] = {}
        self._dynamic: dict[str, Dynamic] = {}
        self._closes_after: set[str] = set()
        for model, script in scripts.items():
            if isinstance(script, Dynamic):
                self._dynamic[model] = script
            elif isinstance(script, ClosesAfter):
                fixed[model] = script.script
                self._closes_after.add(model)
            else:
                fixed[model] = script
        super().__init__(models=fixed)
        self._by_model: dict[str, list[Received]] = defaultdict(list)
        self._breaks = {model for model, script in fixed.items() if _breaks_after_content(script)}
        self._heard: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def reply_to(self, received: Received) -> Reply:
        """The answer to a request: a script's, or what was received so far."""
        path, _, query = received.path.partition("?")
        model = query.removeprefix("model=")
        if path == CONTROL_PATH:
            return json_reply({"received": list(self._said(model))})
        if path == HEARD_PATH:
            self._heard[model].set()
            return json_reply({})
        self._by_model[received.model].append(received)
        reply = super().reply_to(received)
        if received.body.get("stream") and received.model in self._breaks:
            hold = WaitForTest(released=self._heard[received.model])
            steps = (*reply.body[:_UP_TO_CONTENT], hold, *reply.body[_UP_TO_CONTENT:])
            return replace(reply, body=steps)
        return reply

    def script_for(self, model: str) -> Answer | Canned:
        """The script of the next request for this model."""
        dynamic = self._dynamic.get(model)
        if dynamic is None:
            return super().script_for(model)
        seen = self._by_model[model]
        return dynamic.choose(seen[-1].body, len(seen) - 1)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        response = await super()._handle(request)
        assert self._server
        received = self._server.by_connection.get(request.protocol, ())
        if received and received[-1].model in self._closes_after and request.transport is not None:
            request.transport.close()
        return response

    def _said(self, model: str) -> Iterator[Mapping[str, object]]:
        for name in [model] if model else list(self._by_model):
            for received in self._by_model.get(name, ()):
                yield {
                    "model": name,
                    "at": received.at,
                    "answered_at": received.answered_at,
                    "closed_at": received.closed_at,
                    "question": _question(received.body),
                }


def _breaks_after_content(script: Script) -> bool:
    fault = script.fault if isinstance(script, Answer) else None
    kinds = ENDS_AFTER_TOKENS | {FaultKind.MALFORMED}
    return fault is not None and fault.kind in kinds and fault.after_tokens > 0


def _question(body: Mapping[str, object]) -> str:
    messages = body.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else {}
    return str(first.get("content", ""))[:80] if isinstance(first, dict) else ""


def scripts(side: Side) -> dict[str, Scripted]:
    """What this side does for each model."""
    if side is Side.PRIMARY:
        return {case_name(row, trial): row.primary for row, trial in cases()}
    return {case_name(row, trial): trial.fallback for row, trial in cases() if trial.fallback is not None}


async def serve(side: Side) -> None:
    """Serves over HTTP, and over TLS with a certificate of an authority that nobody trusts."""
    # Callers that leave while an answer is written are what this is for.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(CatalogueUpstream(scripts(side)))
        tls = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
        stack.push_async_callback(tls.wait_closed)
        stack.callback(tls.close)
        ports = {
            "port": upstream.port,
            "tls_port": tls.sockets[0].getsockname()[1],
            "rows": {row.name: await upstream.also_listen() for row in CATALOGUE},
        }
        # A look through all that was imported takes a tenth of a second, in which connections seem open.
        gc.freeze()
        print(json.dumps(ports), flush=True)
        await stopped.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=serve.__doc__)
    parser.add_argument("side", type=Side, choices=list(Side))
    asyncio.run(serve(parser.parse_args().side))
