"""The sandbox as a provider: built from its settings, and light to import."""

import subprocess
import sys
from pathlib import Path

from ringmain_server.config import ProviderSettings
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sandbox import MODELS
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.transport import HttpRequest

from tests.providers.sandbox.bench import body

HEAVY = ("aiohttp", "openai", "genai_prices", "typer", "rich")
PROGRAM = f"""
import sys
from ringmain_server.config import ProviderSettings
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions

provider = build_provider("sandbox", ProviderSettings(kind="sandbox"), HttpSessions())
print(*[name for name in {HEAVY} if name in sys.modules])
"""


async def test_built_from_settings() -> None:
    """The provider has its id, its models and both chat operations, and its settings reach the answers."""
    first, second = (
        build_provider("box", ProviderSettings(kind="sandbox", seed=seed), HttpSessions()) for seed in (1, 2)
    )
    assert (first.provider_id, first.kind) == ("box", "sandbox")
    assert first.translators.keys() == {CHAT, STREAM_CHAT}
    assert first.models == tuple(MODELS)
    request = HttpRequest("/chat/completions", body())
    assert await first.transport.send(request) != await second.transport.send(request)


def test_the_sandbox_alone_imports_nothing_heavy() -> None:
    """A process that only builds the sandbox has no HTTP client, SDK, price list or terminal library."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == []


def test_every_model_is_documented() -> None:
    """The documentation's table of models is the sandbox's own, word for word."""
    page = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text()
    for name, description in MODELS.items():
        assert f"| `{name}` | {description} |" in page
