import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import OWN, serving

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    example
    for page in (ROOT / "clients" / "python" / "README.md", ROOT / "docs" / "guides" / "python.md")
    for skipped, example in re.findall(
        r"(<!-- not run: .*? -->\n)?```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    )
    if not skipped
]


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """The address of a gateway with its embedded default, the sandbox."""
    with serving(*OWN) as service:
        yield f"127.0.0.1:{service.serving().listen}"


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
