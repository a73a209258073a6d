"""The configuration reference, made from the settings."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from ringmain_server.config import Settings
from ringmain_server.config.reference import main, render
from ringmain_server.kinds import KINDS

REFERENCE = Path(__file__).parents[2] / "docs" / "configuration.md"


def sections(section: type[BaseModel]) -> list[type[BaseModel]]:
    """A section and all that its settings lead to."""
    from ringmain_server.config.schema import Shape, shape

    found = [section]
    for field in section.model_fields.values():
        inner: Shape | None = shape(field.annotation)
        if inner and inner.model is None:
            inner = inner.child(0) if inner.is_list else inner.child("x")
        if inner and inner.model:
            found += sections(inner.model)
    return found


def test_everything_is_described() -> None:
    """Every setting of every section has a description that is a sentence."""
    for section in sections(Settings):
        for name, field in section.model_fields.items():
            assert field.description, f"{section.__name__}.{name}"
            assert field.description.endswith("."), f"{section.__name__}.{name}"


def test_everything_is_in_the_reference() -> None:
    """The reference has a row for every setting, its variable, and every kind."""
    text = render()
    for section in sections(Settings):
        for name in section.model_fields if section is not Settings else ():
            assert f"| `{name}` |" in text
    for kind in KINDS.values():
        assert f"`{kind.name}`" in text
    row = "| `stream_grace` | duration | `30s` | `RINGMAIN_SERVER__STREAM_GRACE` | How long"
    assert row in text
    assert "| `max_receive_bytes` | size | `64MiB` |" in text


def test_links_lead_to_headings() -> None:
    """Each link within the reference leads to a heading of it, by the name that GitHub gives that."""
    text = render()
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_the_page_is_fresh() -> None:
    """The page in `docs/` says what the settings say."""
    assert main(["--check", str(REFERENCE)]) == 0


def test_write_and_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A written page is fresh, and a missing or changed one fails the check with the remedy."""
    page = tmp_path / "page.md"
    assert main(["--check", str(page)]) == 1
    assert main(["--write", str(page)]) == 0
    assert main(["--check", str(page)]) == 0
    page.write_text(page.read_text(encoding="utf-8") + "x", encoding="utf-8")
    assert main(["--check", str(page)]) == 1
    assert f"--write {page}" in capsys.readouterr().err


def test_print(capsys: pytest.CaptureFixture[str]) -> None:
    """Without arguments the reference is printed."""
    assert main([]) == 0
    assert capsys.readouterr().out == render()
