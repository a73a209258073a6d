"""The sandbox as a provider: built from its settings, and light to import."""

import subprocess
import sys
from pathlib import Path

from ringmain.v1.model_service_pb2 import (
    CAPABILITY_CHAT,
    CAPABILITY_IMAGE_EDITING,
    CAPABILITY_IMAGE_GENERATION,
)
from ringmain_sandbox.models import MODELS
from ringmain_server.config import SandboxSettings
from ringmain_server.operations import CHAT, EMBED, GENERATE_IMAGES, SPEAK, STREAM_CHAT, TRANSCRIBE
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.transport import HttpRequest

from tests.providers.sandbox.bench import body

HEAVY = ("aiohttp", "openai", "genai_prices", "typer", "rich", "PIL", "jsonschema", "re2", "rstr")
PROGRAM = f"""
import sys
from ringmain_sandbox.models import MODELS
from ringmain_server.config import SandboxSettings
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions

provider = build_provider("sandbox", SandboxSettings(kind="sandbox"), HttpSessions())
print(*[name for name in {HEAVY} if name in sys.modules])
"""


async def test_built_from_settings() -> None:
    """The provider has its id, its models and its operations, and its settings reach the answers."""
    first, second = (
        build_provider("box", SandboxSettings(kind="sandbox", seed=seed), HttpSessions()) for seed in (1, 2)
    )
    assert (first.provider_id, first.kind) == ("box", "sandbox")
    assert {CHAT, STREAM_CHAT, EMBED, SPEAK, TRANSCRIBE, GENERATE_IMAGES} < first.translators.keys()
    assert first.models == tuple(MODELS)
    request = HttpRequest("/chat/completions", body())
    assert await first.transport.send(request) != await second.transport.send(request)


def test_the_sandbox_alone_imports_nothing_heavy() -> None:
    """A process that only builds the sandbox has no HTTP client, SDK, price list or terminal library."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == []


def test_each_model_can_do_its_own() -> None:
    """A model can do what it is for, one that fails everything, and of an unknown one nothing is known."""
    able = build_provider("box", SandboxSettings(kind="sandbox"), HttpSessions()).capabilities
    assert able is not None
    assert sorted(able("image") or ()) == [CAPABILITY_IMAGE_GENERATION, CAPABILITY_IMAGE_EDITING]
    assert CAPABILITY_CHAT in (able("chat") or ())
    assert CAPABILITY_IMAGE_GENERATION not in (able("chat") or ())
    assert {CAPABILITY_CHAT, *(able("image") or ()), *(able("embed") or ())} < (able("fault-500") or set())
    assert able("nope") is None


def test_every_model_is_documented() -> None:
    """The documentation's table of models is the sandbox's own, word for word."""
    page = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text()
    for name, description in MODELS.items():
        assert f"| `{name}` | {description} |" in page
