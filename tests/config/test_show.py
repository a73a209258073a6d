"""Showing the merged result, and listing what must not be shown."""

from pathlib import Path

import yaml
from ringmain_server.config import MASK, load, secrets, show
from ringmain_server.config.reference import EXAMPLE, LARGER_EXAMPLE

SECRET = """\
server: {admin_listen: null}
log: {file: /tmp/x.log}
providers:
  up:
    kind: openai
    base_url: http://127.0.0.1:1/v1
    api_key: sk-secret-1
    headers: {authorization: Bearer sk-secret-22, x-title: ab}
models:
  m:
    description: costs 5$$
    candidates: [{provider: up, model: x, price: {input_per_mtok: 0.15, output_per_mtok: 1}}]
"""


def write(folder: Path, text: str) -> str:
    """Writes a file and gives its path."""
    path = folder / "r.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_secrets_are_masked(tmp_path: Path) -> None:
    """Keys and header values are masked, and all that is shown means what was loaded."""
    text = show(load(write(tmp_path, SECRET), environ={}))
    assert "secret" not in text
    shown = yaml.safe_load(text)
    assert shown["providers"]["up"] == {
        "kind": "openai",
        "base_url": "http://127.0.0.1:1/v1",
        "api_key": MASK,
        "wire": "auto",
        "headers": {"authorization": MASK, "x-title": MASK},
    }
    assert shown["providers"]["sandbox"] == {
        "kind": "sandbox", "first_token_ms": 0, "tokens_per_second": 0, "seed": 0,
    }  # fmt: skip
    assert shown["server"]["admin_listen"] is None
    assert "metrics_listen" not in shown["server"]
    assert shown["models"]["m"]["candidates"][0]["price"] == {"input_per_mtok": 0.15, "output_per_mtok": 1}


def test_what_is_shown_can_be_loaded(tmp_path: Path) -> None:
    """What is shown loads again and shows the same."""
    for text in (SECRET, EXAMPLE, LARGER_EXAMPLE):
        shown = show(load(write(tmp_path, text), environ={"OPENAI_API_KEY": "sk-1"}))
        assert show(load(write(tmp_path, shown), environ={})) == shown


def test_secrets_for_maskers(tmp_path: Path) -> None:
    """Every secret is listed, the longest first, with a header's key also by itself."""
    settings = load(write(tmp_path, SECRET), environ={})
    assert secrets(settings) == ("Bearer sk-secret-22", "sk-secret-22", "sk-secret-1")
    assert secrets(load(environ={})) == ()
