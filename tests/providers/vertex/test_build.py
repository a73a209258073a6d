"""Tests of endpoints, credentials and channels."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from ringmain_server import errors
from ringmain_server.config import VertexSettings
from ringmain_server.operations import CHAT
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.vertex import build, host_of
from ringmain_server.providers.vertex.channels import Access, Connections

from tests.candidates import known_candidate
from tests.fakes.ports import closed_port
from tests.fakes.waiting import LIMIT
from tests.providers.vertex.golden import ASKED
from tests.providers.vertex.test_transport import call


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_hosts(location: str, host: str) -> None:
    """Each location has its endpoint."""
    assert host_of(location) == host


def key_file(folder: Path) -> str:
    """A service account's key file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {
        "type": "service_account",
        "client_email": "a@p.iam.gserviceaccount.com",
        "private_key": pem,
        "private_key_id": "1",
        "token_uri": "https://127.0.0.1:1/token",
    }
    path = folder / "key.json"
    path.write_text(json.dumps(account), encoding="utf-8")
    return str(path)


async def connect(access: Access) -> None:
    """Opens a connection, which calls nobody yet."""
    connections = Connections("gem", access)
    connection = await connections.take()
    assert connection.in_flight == 1
    assert await connections.take() is connection
    await connections.close()


async def test_access_token() -> None:
    """An access token opens a channel."""
    await connect(Access("aiplatform.googleapis.com", access_token="ya29.x"))


async def test_key_file(tmp_path: Path) -> None:
    """A service account's key file opens a channel."""
    await connect(Access("aiplatform.googleapis.com", credentials_file=key_file(tmp_path)))


async def test_application_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any setting the application default credentials count."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", key_file(tmp_path))
    await connect(Access("aiplatform.googleapis.com:443"))


async def test_first_calls_share() -> None:
    """Calls that come together while credentials are loaded share what the first one opens."""
    connections = Connections("gem", Access("aiplatform.googleapis.com", access_token="ya29.x"))
    first, second = await asyncio.gather(connections.take(), connections.take())
    assert first is second
    assert first.in_flight == 2
    await connections.close()


@pytest.mark.parametrize("content", ["", "{}", '{"type": "service_account"}', "[1]", '{"a": ' + "[" * 9_999])
async def test_no_credentials(tmp_path: Path, content: str) -> None:
    """A file that is missing or holds no key means that there are no credentials."""
    path = tmp_path / "key.json"
    if content:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(errors.CredentialsRefused) as caught:
        await Connections("gem", Access("x", credentials_file=str(path))).take()
    assert caught.value.message == "gem: has no usable credentials"


@pytest.mark.parametrize("content", ["[" * 100_000, "\x00", '{"type": "service_account", "private_key": 1}'])
async def test_odd_default_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """Whatever the library raises at a file of default credentials, there are none; it is no fault."""
    path = tmp_path / "key.json"
    path.write_text(content, encoding="utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(errors.CredentialsRefused):
        await Connections("gem", Access("x")).take()


@pytest.mark.parametrize("named", ["credentials_file", "GOOGLE_APPLICATION_CREDENTIALS"])
async def test_credentials_in_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    """A path that leads to a pipe means that there are no credentials, and nobody waits for a writer."""
    path = tmp_path / "key.json"
    os.mkfifo(path)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    access = Access("x", credentials_file=str(path) if named == "credentials_file" else None)
    with pytest.raises(errors.CredentialsRefused):
        await asyncio.wait_for(Connections("gem", access).take(), LIMIT)


async def test_with_tls() -> None:
    """A provider with credentials asks for TLS, and its token stays out of what it says."""
    with closed_port() as port:
        settings = {"kind": "vertex", "project": "p", "location": "l", "access_token": "ya29.token-of-mine"}
        settings["endpoint"] = f"127.0.0.1:{port}"
        found = build("gem", VertexSettings.model_validate(settings), HttpSessions())
        candidate = known_candidate("gem", "vertex", "m")
        with pytest.raises(errors.ConnectionFailed) as caught:
            await found.backend(candidate).call(CHAT, ASKED, call(candidate))
        assert "ya29" not in caught.value.message
        await found.transport.close()
