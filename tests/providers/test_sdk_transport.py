"""Tests of what goes through a vendor's SDK, whichever it is. The vendors' own tests send real requests."""

from typing import Any

import aiohttp
import httpx2
import pytest
from ringmain_server import errors
from ringmain_server.providers.sdk_transport import Mute, Sdk, SdkIncoming, SdkTransport, transport_error
from ringmain_server.providers.transport import HttpRequest

REQUEST = HttpRequest("/v1/messages", {"model": "m", "max_tokens": 1, "messages": []})


class Failing:
    """A client whose every request fails alike."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def post(self, path: str, **options: Any) -> Any:
        """Fails."""
        raise self.error

    async def get(self, path: str, **options: Any) -> Any:
        """Fails."""
        raise self.error

    async def close(self) -> None:
        """Has nothing to close."""


class SdkError(Exception):
    """What the fake SDK raises."""


@pytest.mark.parametrize("error", [TypeError("ours"), RuntimeError("ours"), KeyError("ours")])
async def test_our_own_mistakes_are_not_the_providers(error: Exception) -> None:
    """An exception that stands for no failure of the provider is passed on as it is."""
    sdk = Sdk(SdkError, SdkError, object)
    transport = SdkTransport("claude", Failing(error), sdk, lambda *_: errors.ServerFault("claude", "x"))
    with pytest.raises(type(error)):
        await transport.open(REQUEST)
    with pytest.raises(type(error)):
        await transport.check("/models")


async def test_an_abort_before_the_first_read() -> None:
    """An abort that comes while nobody reads is what the next read raises."""
    incoming = SdkIncoming("claude", httpx2.Response(200, content=b"x"))
    incoming.abort(errors.NoAnswer("claude", "too late"))
    with pytest.raises(errors.NoAnswer):
        await incoming.read()


def test_the_cause_decides_what_a_failure_means() -> None:
    """A failure below HTTP is told by what aiohttp raised; without that it is a connection that closed."""
    outer = httpx2.ReadError("outer")
    outer.__cause__ = aiohttp.ClientPayloadError("inner")
    assert "within the answer" in transport_error("up", outer).message
    assert "before its answer" in transport_error("up", httpx2.ReadError("alone")).message


async def test_a_client_that_is_only_asked_cannot_send() -> None:
    """What is made for its knowledge alone sends nothing by mistake."""
    async with httpx2.AsyncClient(transport=Mute()) as client:
        with pytest.raises(NotImplementedError):
            await client.get("http://127.0.0.1:1")
