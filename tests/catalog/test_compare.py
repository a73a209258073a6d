"""The catalog names what the installed SDKs and the price list name, but for what is left out on purpose."""

from datetime import date
from fnmatch import fnmatchcase

import pytest

from scripts import compare_catalog
from scripts.compare_catalog import Difference, Source, compared, differences, left_out, sources

TODAY = date(2026, 12, 1)


def test_the_catalog_is_up_to_date() -> None:
    """A new version of a library that names another model fails here: `make catalog` prints what to do."""
    assert [str(one) for one in compared(sources(), TODAY, left_out())] == []


def test_everything_is_left_out_for_a_reason() -> None:
    """A pattern that no longer fits a model of its source can go."""
    found = {f"{one.source}: {one.model}" for source in sources() for one in differences(source, TODAY)}
    assert [pattern for pattern in left_out() if not any(fnmatchcase(one, pattern) for one in found)] == []
    assert all(left_out().values())


def test_the_lists_of_the_sdks_are_read() -> None:
    """Names of every kind of model, and the days on which some end."""
    by_name = {one.name: one for one in sources()}
    openai, claude = by_name["openai"], by_name["anthropic"]
    assert {
        "gpt-6.2-sol",
        "o3-pro",
        "whisper-1",
        "tts-1",
        "text-embedding-3-small",
        "gpt-image-2",
    } <= openai.models
    assert openai.ends["gpt-4o"] == date(2027, 1, 14)
    assert openai.ends["tts-1"] == date(2027, 1, 6)
    assert "claude-opus-5-5" in claude.models
    assert claude.ends["claude-opus-4-5"] == date(2027, 1, 22)
    assert by_name["genai-prices x-ai"].contexts["grok-4.3"] == 1_000_000


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (Source("s", "openai", frozenset({"gpt-9"})), [("missing", "gpt-9", "")]),
        (
            Source("s", "openai", frozenset({"gpt-4o"}), ends={"gpt-4o": date(2028, 1, 1)}),
            [("differs", "gpt-4o", "ends on 2028-01-01, here 2027-01-14")],
        ),
        (
            Source("s", "openai", frozenset({"gpt-4o"}), contexts={"gpt-4o": 1_000_000}),
            [("differs", "gpt-4o", "context 1000000, here 128000")],
        ),
        (Source("s", "openai", frozenset({"gpt-4o"}), contexts={"gpt-4o": 130_000}), []),
    ],
)
def test_differences_of_a_source(source: Source, told: list[tuple[str, str, str]]) -> None:
    """What the catalog lacks, and which of its facts differ by more than a list rounds."""
    assert list(differences(source, TODAY)) == [Difference("s", *one) for one in told]


def test_what_a_complete_source_no_longer_has_is_gone() -> None:
    """Every current model must be in it; a list of prices may lack some."""
    lone = Source("s", "deepseek", frozenset({"deepseek-flash"}))
    assert [str(one) for one in differences(lone._replace(complete=True), TODAY)] == [
        "s: gone: deepseek-v4-pro"
    ]
    assert list(differences(lone, TODAY)) == []
    assert compared([lone._replace(complete=True)], TODAY, ["s: deepseek-*"]) == []


def test_the_report_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    """The comparison is a report and no test: it never fails."""
    assert compare_catalog.main() == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("Compared with openai ")
    assert "names are known" in last
