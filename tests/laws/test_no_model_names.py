"""No wire knows a model by its name: what differs between models is in the catalog."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import ringmain_server

PROVIDERS = Path(ringmain_server.__path__[0]) / "providers"
NAMES = re.compile(
    r"\bgpt\b|chatgpt|dall-?e\b|whisper|\btts\b|\bo[1-9]\b|claude|\bopus-|sonnet|haiku|fable|mythos|gemini-|imagen|gemma|banana"
    r"|grok|mistral|voxtral|llama|qwen|deepseek|kimi|photon|\bgen4|\bsd3|^core$|^ultra$|flux",
    re.IGNORECASE,
)
ALLOWED = {("jobs/services/stability.py", word) for word in ("core", "ultra", "/generate/sd3")}
"""Names of models that are the last steps of paths."""


def _literals(path: Path) -> Iterator[str]:
    """The texts of a module but its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    words = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words:
            yield node.value


def test_no_wire_knows_a_model_by_its_name() -> None:
    """Names, and patterns of names, stand in the data files of the catalog alone."""
    found = {
        (path.relative_to(PROVIDERS).as_posix(), text)
        for path in PROVIDERS.rglob("*.py")
        for text in _literals(path)
        if NAMES.search(text)
    }
    assert found == ALLOWED
