"""What the catalog knows of models, and what it refuses in its own files."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import pytest
from genai_prices.data import providers as priced
from openai.types.shared.responses_model import ResponsesModel
from ringmain.v1 import model_service_pb2 as pb
from ringmain_server.catalog import models
from ringmain_server.catalog.models import DATA, CatalogError, KnownModel, listed, lookup, read
from ringmain_server.catalog.names import model_key
from ringmain_server.catalog.retirements import Retirement
from ringmain_server.kinds import KINDS

GPT_4O = frozenset(
    {
        pb.CAPABILITY_CHAT,
        pb.CAPABILITY_VISION,
        pb.CAPABILITY_TOOLS,
        pb.CAPABILITY_JSON_SCHEMA,
        pb.CAPABILITY_DOCUMENT,
    }
)
FAMILIES = {path.stem: read(path) for path in sorted(DATA.glob("*.toml"))}
ENTRIES = [(family, name, known) for family in FAMILIES for name, known in FAMILIES[family].exact.items()]
PRICED = {"openai": "openai", "anthropic": "anthropic", "google": "google", "groq": "groq", "xai": "x-ai"}
TODAY = date(2026, 11, 21)

GOOD = """
source = "https://example.com/{name}"
evidence = "listing"
checked = 2026-11-21
[[models]]
names = ["m-1", "m-2"]
aliases = ["m-one"]
capabilities = ["chat"]
context_tokens = 10
listed = true
"""
RETIRED = """
[[retirements]]
names = ["m-1"]
date = 2027-03-31
replaced_by = "m-2"
source = "https://example.com/ends"
checked = 2026-11-21
"""


def known(kind: str, name: str) -> KnownModel:
    """What is known of a model that must be known."""
    found = lookup(kind, name)
    assert found is not None, (kind, name)
    return found


def test_a_model_is_known_with_its_origin() -> None:
    """Capabilities, limits, source, evidence and date of a model come together."""
    found = known("openai", "gpt-4o")
    assert (found.capabilities, found.context_tokens, found.max_output_tokens) == (GPT_4O, 128_000, 16_384)
    assert found.source == "https://developers.openai.com/api/docs/models/gpt-4o"
    assert (found.evidence, found.checked, found.wire) == ("listing", TODAY, "")


@pytest.mark.parametrize(
    ("kind", "name", "same"),
    [
        ("openai", "gpt-4o-2024-08-06", "gpt-4o"),
        ("openai", "GPT-4o", "gpt-4o"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:org::id", "gpt-4o-mini"),
        ("openai", "gpt-4-0613", "gpt-4"),
        ("openai", "gpt-4-1106-preview", "gpt-4-turbo"),
        ("azure", "gpt-35-turbo", "gpt-3.5-turbo"),
        ("anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("anthropic", "claude-opus-4-5@20251101", "claude-opus-4-5"),
        ("anthropic", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("anthropic", "anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("gemini", "models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("gemini", "gemini-2.5-flash-preview-05-20", "gemini-2.5-flash"),
        ("vertex", "publishers/google/models/gemini-2.0-flash-001", "gemini-2.0-flash"),
        ("openrouter", "anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4-5"),
        ("openrouter", "meta-llama/llama-3.3-70b-instruct:free", "meta-llama/llama-3.3-70b-instruct"),
        ("ollama", "llama3.3:70b-instruct-q4_K_M", "llama3.3"),
        ("vllm", "meta-llama/Llama-3.3-70B-Instruct", "llama-3.3-70b"),
    ],
)
def test_a_name_is_recognised_in_every_dress(kind: str, name: str, same: str) -> None:
    """Snapshots, fine-tuned models, clouds' and hosts' names lead to the model that they are."""
    assert known(kind, name).source.replace(name, "") == known(kind, same).source.replace(name, "")
    assert known(kind, name).context_tokens == known(kind, same).context_tokens
    assert known(kind, name).capabilities == known(kind, same).capabilities


def test_an_exact_name_wins_over_the_model_it_is_a_snapshot_of() -> None:
    """The first snapshot of GPT-4o wrote less and knew no schemas."""
    first = known("openai", "gpt-4o-2024-05-13")
    assert first.max_output_tokens == 4_096
    assert first.capabilities == GPT_4O - {pb.CAPABILITY_JSON_SCHEMA}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("openai", "gpt-9-ultra"),
        ("openai", ""),
        ("openai", "-latest"),
        ("openai", "claude-opus-4-6"),
        ("azure", "our-deployment"),
        ("gemini", "gemini-2.5-flash-live"),
        ("sandbox", "chat"),
        ("local", "gpt-4o"),
    ],
)
def test_what_is_not_known_is_none(kind: str, name: str) -> None:
    """A model that no file has, and every model of a kind without files, is unknown."""
    assert lookup(kind, name) is None


def test_models_that_need_the_responses_wire_say_so_at_openai_only() -> None:
    """The wire is a fact of OpenAI's endpoint; OpenRouter and Azure serve the same models otherwise."""
    assert known("openai", "gpt-6.1-sol").wire == "responses"
    assert known("openrouter", "openai/gpt-6.1-sol").wire == ""
    assert known("azure", "gpt-6.1-sol").wire == ""


def test_models_that_only_the_responses_api_serves_have_its_wire() -> None:
    """The SDK lists them apart; each of them that is known here has that wire."""
    only = get_args(get_args(ResponsesModel)[-1])
    wires = {found.wire for name in only if (found := lookup("openai", name))}
    assert wires == {"responses"}


def test_limits_do_not_hold_where_an_operator_sets_them() -> None:
    """A server of one's own serves the context it was started with, so its limits are unknown."""
    assert known("ollama", "gpt-oss:20b").context_tokens == 0
    assert known("together", "openai/gpt-oss-20b").context_tokens == 131_072


def test_openrouter_reads_documents_for_every_model() -> None:
    """OpenRouter turns PDFs into what a model takes; a model without known capabilities stays unknown."""
    assert pb.CAPABILITY_DOCUMENT in (known("openrouter", "openai/gpt-oss-120b").capabilities or ())
    assert known("openrouter", "openai/o1-pro").capabilities is None


def test_vendors_list_their_current_models_and_nobody_else_does() -> None:
    """What everybody with a key may use is listed, as its vendor names it; deployments are not."""
    assert {"gpt-6.1-sol", "gpt-4o", "text-embedding-3-small"} <= set(listed("openai", TODAY))
    assert "gpt-4-turbo" not in listed("openai", TODAY)
    assert "openai/gpt-oss-120b" in listed("groq", TODAY)
    assert [listed(kind, TODAY) for kind in ("azure", "ollama", "openrouter", "sandbox")] == [()] * 4


def test_every_listed_model_is_found_by_its_own_name() -> None:
    """A listed name leads to an entry of the same kind."""
    assert all(lookup(kind, name) for kind in KINDS for name in listed(kind, TODAY))


@pytest.mark.parametrize(("family", "name", "entry"), ENTRIES, ids=[f"{f}/{n}" for f, n, _ in ENTRIES])
def test_every_entry_has_an_origin_and_sound_limits(family: str, name: str, entry: KnownModel) -> None:
    """Source, evidence and a date that is not in the future; an answer fits into the context."""
    assert entry.source.startswith("https://")
    assert "{" not in entry.source
    assert entry.evidence in models.EVIDENCE
    assert entry.checked <= datetime.now(UTC).date()
    assert entry.capabilities is None or entry.capabilities <= set(pb.Capability.values())
    assert not entry.context_tokens or entry.max_output_tokens <= entry.context_tokens


@pytest.mark.parametrize(("family", "provider"), PRICED.items())
def test_contexts_agree_with_the_price_list(family: str, provider: str) -> None:
    """Where the bundled price list states a context, it is ours, but for how it rounds a million."""
    theirs = {
        model_key(model.id): model.context_window
        for one in priced
        if one.id == provider
        for model in one.models
        if model.context_window
    }
    compared = 0
    for name, entry in FAMILIES[family].exact.items():
        if name in theirs and entry.context_tokens:
            compared += 1
            assert entry.context_tokens == pytest.approx(theirs[name], rel=0.06), name
    assert compared


def test_the_files_are_sound() -> None:
    """`--check` finds nothing, and says so by its exit code."""
    assert models.check() == []
    done = subprocess.run(
        [sys.executable, "-m", "ringmain_server.catalog.models", "--check"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_check_names_every_broken_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each broken file is reported with its name; sound ones are not."""
    (tmp_path / "good.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "syntax.toml").write_text("names = [", encoding="utf-8")
    (tmp_path / "rule.toml").write_text(GOOD.replace("= 10", "= 0"), encoding="utf-8")
    found = models.check(tmp_path)
    assert [line.partition(":")[0] for line in found] == ["rule.toml", "syntax.toml"]
    assert models.main(["--check"]) == 0
    assert models.main([str(tmp_path)]) == 1
    assert "rule.toml" in capsys.readouterr().err


def test_a_file_is_read_with_names_aliases_and_patterns(tmp_path: Path) -> None:
    """A name is listed as written; an alias is not; a pattern matches what follows."""
    path = tmp_path / "good.toml"
    path.write_text(f'{GOOD}[[models]]\nnames = ["m-3*"]', encoding="utf-8")
    family = read(path)
    assert family.listed == ("m-1", "m-2")
    assert family.find("m-one") == family.find("m-1")
    assert family.find("m-2") != family.find("m-1")
    assert family.find("m-3-turbo") is not None
    assert family.find("m-4") is None


def test_a_retirement_is_the_models_and_no_others(tmp_path: Path) -> None:
    """A model has the date and the successor that a table gives its name."""
    path = tmp_path / "good.toml"
    path.write_text(GOOD + RETIRED, encoding="utf-8")
    family = read(path)
    assert family.exact["m-1"].retirement == Retirement(date(2027, 3, 31), "m-2")
    assert family.exact["m-2"].retirement is None
    assert family.exact["m-one"].retirement is None


def test_a_vendors_dates_hold_at_the_vendor_alone() -> None:
    """OpenAI's dates are known for its own snapshots too, but not for the same models elsewhere."""
    for name in ("gpt-4o", "gpt-4o-2024-08-06"):
        assert known("openai", name).retirement == Retirement(date(2027, 1, 14), "gpt-6-luna")
    assert known("openai", "gpt-4o-2024-05-13").retirement == Retirement(date(2026, 10, 23), "gpt-5.6-sol")
    assert known("azure", "gpt-4o").retirement is None
    assert known("openrouter", "openai/gpt-4o").retirement is None


def test_a_date_may_hold_at_some_kinds_alone() -> None:
    """Google's developer API and Vertex AI serve the same models, each for as long as it likes."""
    assert known("gemini", "gemini-2.5-pro").retirement == Retirement(
        date(2026, 12, 1), "gemini-3.8-flash", frozenset({"gemini"})
    )
    assert known("vertex", "gemini-2.5-pro").retirement is None


def test_models_that_have_ended_are_not_listed() -> None:
    """From its last day on, a model is no longer listed where it ended, and still is elsewhere."""
    before, after = date(2026, 11, 30), date(2026, 12, 1)
    assert "gemini-2.5-pro" in listed("gemini", before)
    assert "gemini-2.5-pro" not in listed("gemini", after)
    assert "gemini-2.5-pro" in listed("vertex", after)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_replaces_a_model_is_known_itself(family: str) -> None:
    """A successor is a model of the same vendor that does not end before."""
    models_ = FAMILIES[family]
    for one in models_.exact.values():
        if one.retirement is not None and one.retirement.replaced_by:
            successor = models_.find(model_key(one.retirement.replaced_by))
            assert successor is not None, one.retirement.replaced_by
            assert successor.retirement is None or successor.retirement.date > one.retirement.date


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ('names = ["m-1", "m-2"]', "", "names no model"),
        ('names = ["m-1", "m-2"]', "names = 1", "names is not a list of names"),
        ('aliases = ["m-one"]', 'aliases = ["m.1"]', "m.1 is there twice"),
        ('aliases = ["m-one"]', "aliases = [1]", "aliases is not a list of names"),
        ('aliases = ["m-one"]', "max_tokens = 1", "unknown max_tokens"),
        ('capabilities = ["chat"]', 'capabilities = ["sight"]', "no capability 'sight'"),
        ('capabilities = ["chat"]', 'capabilities = ["Chat"]', "no capability 'Chat'"),
        ('capabilities = ["chat"]', 'capabilities = ["unspecified"]', "no capability 'unspecified'"),
        ("context_tokens = 10", "context_tokens = 0", "context_tokens is not a number above zero"),
        ("context_tokens = 10", "context_tokens = true", "context_tokens is not a number above zero"),
        ("context_tokens = 10", 'max_output_tokens = "1k"', "max_output_tokens is not a number above zero"),
        ("context_tokens = 10", 'wire = "telex"', "wire is not responses"),
        ('evidence = "listing"', "", "evidence is not page or listing"),
        ('evidence = "listing"', "evidence = 1", "evidence is not page or listing"),
        ("checked = 2026-11-21", 'checked = "today"', "checked is not a date"),
        ("listed = true", "listed = 1", "listed is not true or false"),
        ('"m-2"]', '"m-2*"]', "a pattern cannot be listed"),
        ("https:", "http:", "source is not an https address"),
        ('source = "https://example.com/{name}"', "source = 1", "source is not text"),
        ("date = 2027-03-31", 'date = "soon"', "date is not a date"),
        ("date = 2027-03-31", "date = 2027-03-31\nday = 1", "unknown day"),
        ('names = ["m-1"]', "names = []", "names is not a list of names"),
        ('names = ["m-1"]', 'names = ["m-3"]', "no model m-3 that could be retired"),
        ('replaced_by = "m-2"', "replaced_by = 2", "replaced_by is not text"),
        ('source = "https://example.com/ends"', "", "source is not an https address"),
        ('replaced_by = "m-2"', 'kinds = ["google"]', "kinds is not a list of provider kinds"),
    ],
)
def test_a_broken_file_is_refused_with_the_reason(tmp_path: Path, good: str, bad: str, said: str) -> None:
    """Each rule of a file is checked, and the error names file, model and rule."""
    path = tmp_path / "broken.toml"
    path.write_text((GOOD + RETIRED).replace(good, bad), encoding="utf-8")
    with pytest.raises(CatalogError, match=r"^broken\.toml: ") as caught:
        read(path)
    assert said in str(caught.value)
