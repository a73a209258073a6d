import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from ringmain import Client

from tests.fakes.waiting import LIMIT

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    example
    for page in (ROOT / "clients" / "python" / "README.md", ROOT / "docs" / "guides" / "python.md")
    for example in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
]


def free_addresses(count: int) -> list[str]:
    """Return different addresses that nobody listens on."""
    with ExitStack() as stack:  # All bound at once, so that they differ.
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]


@contextmanager
def served(*arguments: str) -> Iterator[None]:
    """Run the gateway in a process of its own."""
    command = [sys.executable, "-m", "ringmain_server", "serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """The address of a gateway with its embedded default, the sandbox."""
    listen, admin, metrics = free_addresses(3)
    with served("--listen", listen, "--admin-listen", admin, "--metrics-listen", metrics):
        with Client(listen, wait_for_ready=True, timeout=LIMIT) as client:
            assert client.health() == "SERVING"
        yield listen


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_readme_runs(
    example: str,
    target: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every example of the client's README and guide runs as it stands and prints something."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RINGMAIN_TARGET", target)
    exec(compile(example, "example", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out.strip()
