"""Tests of the light import, each in a process of its own."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

HEAVY = "google.cloud.aiplatform_v1"


def run(code: str, *arguments: str) -> str:
    """What a program prints."""
    command = [sys.executable, "-W", "error", *arguments, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_only_what_is_needed() -> None:
    """The provider and its client load neither the library's package nor any other of its services."""
    found = run(
        "import sys\n"
        "from ringmain_server.providers.vertex import light, wire\n"
        "light.load_client()\n"
        f"services = [name for name in sys.modules if name.startswith('{HEAVY}.services.')]\n"
        "assert services and all('prediction_service' in name for name in services)\n"
        f"print('{HEAVY}' in sys.modules, 'google.cloud.aiplatform' in sys.modules)\n"
    )
    assert found == "False False"


def test_the_real_package_stays_usable() -> None:
    """Other code of the process finds the whole package, with the same types."""
    found = run(
        "from ringmain_server.providers.vertex import light, wire\n"
        f"import {HEAVY} as real\n"
        "assert real.types.Content.pb() is wire.Content\n"
        "assert light.load_client().PredictionServiceAsyncClient is real.PredictionServiceAsyncClient\n"
        "print(real.ModelServiceClient.__name__)\n"
    )
    assert found == "ModelServiceClient"


def test_not_imported_unless_configured() -> None:
    """A gateway with the sandbox alone imports nothing of Google's clients."""
    found = run(
        "import asyncio, sys, structlog\n"
        "from ringmain_server.app.app import App\n"
        "from ringmain_server.config import Settings\n"
        "async def main():\n"
        "    App(Settings(), structlog.get_logger())\n"
        "asyncio.run(main())\n"
        "foreign = ('google.auth', 'google.genai', 'google.cloud.', 'proto.')\n"
        "print([name for name in sys.modules if name.startswith(foreign)])\n"
    )
    assert found == "[]"


def test_gemini_needs_no_client_of_vertex() -> None:
    """The provider for the developer API imports the messages of Vertex AI, and not its client."""
    found = run(
        "import sys, ringmain_server.providers.gemini\n"
        "print([name for name in sys.modules if name.endswith('prediction_service.async_client')])\n"
    )
    assert found == "[]"


@pytest.mark.parametrize(("kind", "hidden"), [("vertex", "google.cloud"), ("gemini", "google.cloud")])
def test_missing_extra(kind: str, hidden: str) -> None:
    """A provider whose library is not installed says which extra brings it."""
    found = run(
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "find = PathFinder.find_spec\n"
        "def hide(name, *rest):\n"
        f"    return None if name.startswith('{hidden}') else find(name, *rest)\n"
        "PathFinder.find_spec = hide\n"
        "from ringmain_server.config import provider_settings\n"
        "from ringmain_server.providers.registry import ExtraMissing, build_provider\n"
        "try:\n"
        f"    build_provider('g', provider_settings(kind='{kind}'), None)\n"
        "except ExtraMissing as exc:\n"
        "    print(exc)\n"
    )
    assert found == "provider 'g' needs an extra: pip install 'ringmain[server,vertex]'"
