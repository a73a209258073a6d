"""What the catalog knows of the settings that models take."""

import ast
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
import ringmain_server
from ringmain_server.catalog.knobs import FORMS, USUAL_KNOBS, Knobs, knobs_in, read_knobs
from ringmain_server.catalog.models import DATA, CatalogError, knobs_of, read
from ringmain_server.catalog.names import keys
from ringmain_server.kinds import KINDS, OpenAIKind
from ringmain_server.kinds.openai import BY_MODEL, Dialect

SOURCE = "https://example.com/knobs"
SAMPLING = frozenset({"temperature", "top_p", "top_k"})


def knobs(*tables: Mapping[str, object], name: str = "m-5-pro") -> Knobs:
    """The knobs of a model by the tables of a file."""
    document = {"knobs": [{"source": SOURCE, **table} for table in tables]}
    return knobs_in(list(read_knobs(document)), list(keys(name)))


def test_the_last_table_that_states_a_knob_wins() -> None:
    """Tables go from families to single models; each states what it knows, and the others still hold."""
    family = {"names": ["m*"], "efforts": ["low"], "max_stop_sequences": 4}
    other = {"names": ["n*"], "max_stop_sequences": 5}
    single = {"names": ["m.5-pro", "m-6"], "efforts": ["none", "max"]}
    found = knobs(family, other, single)
    assert found == replace(USUAL_KNOBS, efforts=("none", "max"), max_stop_sequences=4)
    assert knobs(family, other, single, name="m-5").efforts == ("low",)
    assert knobs(family, other, single, name="x/M-5-Pro-2026-01-01").efforts == ("none", "max")
    assert knobs(other) == USUAL_KNOBS


def test_lists_replace_each_other() -> None:
    """A list of a later table stands alone, so that a model may take what its family refuses."""
    family, single = {"names": ["m*"], "lacks": ["seed"]}, {"names": ["m-5-pro"], "lacks": []}
    assert knobs(family).lacks == {"seed"}
    assert knobs(family, single).lacks == frozenset()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"names": []}, "names is not a list of names"),
        ({"names": ["m"], "source": "http://example.com"}, "source is not an https address"),
        ({"names": ["m"], "colour": "red"}, "unknown colour"),
        ({"names": ["m"], "efforts": "low"}, "efforts is not a list of texts"),
        ({"names": ["m"], "efforts": ["some"]}, "efforts has no 'some'"),
        ({"names": ["m"], "reasoning": "much"}, "reasoning has no 'much'"),
        ({"names": ["m"], "lacks": ["warmth"]}, "lacks has no 'warmth'"),
        ({"names": ["m"], "reasoning_lacks": ["warmth"]}, "reasoning_lacks has no 'warmth'"),
        ({"names": ["m"], "prefill": 1}, "prefill is not true or false"),
        ({"names": ["m"], "max_stop_sequences": 1.5}, "max_stop_sequences is not a whole number"),
    ],
)
def test_a_broken_table_is_refused_with_the_reason(table: dict[str, object], said: str) -> None:
    """Each knob has a type, and some have words of their own; the error names the table's models."""
    with pytest.raises(ValueError, match=f"^knobs of .*: {said}"):
        knobs(table)


def test_a_broken_table_breaks_its_file(tmp_path: Path) -> None:
    """The check of the data files covers the knobs."""
    path = tmp_path / "vendor.toml"
    path.write_text('[[knobs]]\nnames = ["m"]', encoding="utf-8")
    with pytest.raises(CatalogError, match=r"^vendor\.toml: knobs of \['m'\]: source"):
        read(path)


@pytest.mark.parametrize("path", sorted(DATA.glob("*.toml")), ids=lambda path: path.stem)
def test_no_table_states_what_holds_anyway(path: Path) -> None:
    """A table that changes nothing for any of its own names is a mistake, or is covered by a later one."""
    tables = list(read(path).knobs)
    for index, table in enumerate(tables):
        others = [*tables[:index], *tables[index + 1 :]]
        samples = [re.sub(r"\[(.)[^]]*\]", r"\1", pattern).replace("*", "") for pattern in table.patterns]
        assert any(knobs_in(tables, [one]) != knobs_in(others, [one]) for one in samples), table.patterns


@pytest.mark.parametrize(
    ("model", "reasoning", "off", "unasked", "samples", "schema"),
    [
        ("claude-instant-1.2", "none", False, False, True, False),
        ("claude-2.1", "none", False, False, True, False),
        ("claude-3-opus-20240229", "none", False, False, True, False),
        ("claude-3-5-sonnet-20241022", "none", False, False, True, False),
        ("claude-3-7-sonnet-latest", "budget", True, False, True, False),
        ("claude-sonnet-4-20250514", "budget", True, False, True, False),
        ("claude-opus-4-1@20250805", "budget", True, False, True, False),
        ("claude-haiku-4-5-20251001", "budget", True, False, True, True),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "budget", True, False, True, True),
        ("claude-opus-4-6", "effort", True, False, True, True),
        ("our-claude-opus-4-7-profile", "effort", True, False, False, True),
        ("claude-opus-4-8", "effort", True, False, False, True),
        ("claude-sonnet-5", "effort", True, True, False, True),
        ("claude-opus-5", "effort", True, True, False, True),
        ("claude-haiku-5-5", "effort", True, True, False, True),
        ("claude-opus-5-5", "effort", False, True, False, True),
        ("claude-fable-5-1", "effort", False, True, False, True),
        ("claude-mythos-preview", "effort", False, True, False, True),
        ("some-alias", "effort", False, True, False, True),
    ],
)
def test_generations_of_claude(
    model: str, reasoning: str, off: bool, unasked: bool, samples: bool, schema: bool
) -> None:
    """Each generation reasons and samples in its way; a name that says nothing counts as the newest."""
    found = knobs_of("anthropic", model)
    assert (found.reasoning, found.native_schema) == (reasoning, schema)
    assert (found.lacks == frozenset()) == samples
    assert found.lacks <= SAMPLING
    assert found.prefill == found.assistant_last == (reasoning != "effort")
    if reasoning != "none":
        assert ("none" in found.efforts, found.reasons_unasked) == (off, unasked)


@pytest.mark.parametrize(
    ("kind", "model", "efforts"),
    [
        ("openai", "gpt-6.1-sol", "low medium high xhigh max"),
        ("openai", "gpt-6-luna", "none low medium high xhigh max"),
        ("openai", "gpt-5.5-pro-2026-04-23", "medium high xhigh"),
        ("openai", "gpt-5-nano", "minimal low medium high"),
        ("openai", "gpt-9-later", "low medium high xhigh max"),
        ("azure", "our-deployment", "none low medium high"),
        ("groq", "openai/gpt-oss-20b", "low medium high"),
        ("groq", "qwen/qwen3.8-27b", "none default"),
        ("xai", "grok-4.3", "none low medium high"),
        ("xai", "grok-4.7", "low medium high"),
        ("xai", "grok-code-fast-1", ""),
        ("mistral", "mistral-small-latest", "none high"),
        ("openrouter", "openai/gpt-5", "none minimal low medium high xhigh"),
        ("vllm", "openai/gpt-oss-120b", "low medium high"),
        ("anthropic", "claude-sonnet-4-6", "none low medium high max"),
        ("anthropic", "claude-sonnet-5-5", "none low medium high xhigh max"),
    ],
)
def test_efforts_of_models(kind: str, model: str, efforts: str) -> None:
    """The efforts that a model knows, at each kind of provider; a later model is taken for the newest."""
    assert " ".join(knobs_of(kind, model).efforts) == efforts


@pytest.mark.parametrize(
    ("model", "reasoning", "efforts", "least", "most"),
    [
        ("gemini-1.5-pro-002", "none", "", 0, 0),
        ("gemini-2.0-flash-001", "none", "", 0, 0),
        ("gemini-2.5-flash", "budget", "none minimal low medium high", 1, 24_576),
        ("gemini-2.5-flash-lite", "budget", "none minimal low medium high", 512, 24_576),
        ("publishers/google/models/gemini-2.5-pro", "budget", "minimal low medium high", 128, 32_768),
        ("gemini-3-pro-preview", "effort", "low high", 0, 0),
        ("gemini-3.1-pro-preview", "effort", "low medium high", 0, 0),
        ("gemini-3.1-flash-lite", "effort", "minimal low medium high", 0, 0),
        ("gemini-3.5-flash-lite", "effort", "minimal low medium high", 0, 0),
        ("gemini-3.8-flash", "effort", "low medium high", 0, 0),
        ("gemini-4-argon", "effort", "low medium high", 0, 0),
        ("gemini-10-flash", "effort", "low medium high", 0, 0),
        ("gemini-flash-lite-latest", "effort", "low medium high", 0, 0),
        ("gemini-2.5-flash-image", "none", "", 0, 0),
        ("gemini-3.1-flash-image", "effort", "minimal high", 0, 0),
        ("gemini-nano-banana-2.1", "effort", "minimal medium high", 0, 0),
        ("gemma-3-27b-it", "none", "", 0, 0),
        ("endpoints/123", "none", "", 0, 0),
    ],
)
def test_thinking_of_gemini(model: str, reasoning: str, efforts: str, least: int, most: int) -> None:
    """Up to 2.5 a model takes a number of tokens, later a level; a name that says nothing is told nothing."""
    found = knobs_of("gemini", model)
    assert found.reasoning == reasoning
    if efforts:
        assert " ".join(found.efforts) == efforts
    if most:
        assert (found.min_reasoning_tokens, found.max_reasoning_tokens) == (least, most)
    assert found.max_stop_sequences == 5


@pytest.mark.parametrize(
    ("model", "newer", "strict"),
    [
        ("gemini-2.5-pro", False, False),
        ("gemini-3-pro-preview", True, False),
        ("gemini-3.1-flash-lite", True, False),
        ("gemini-3.5-flash", True, True),
        ("gemini-3.8-flash", True, True),
        ("gemini-10-flash", True, True),
        ("gemini-pro-latest", True, True),
        ("endpoints/123", False, False),
    ],
)
def test_generations_of_gemini(model: str, newer: bool, strict: bool) -> None:
    """Since Gemini 3, models want signatures and take media in results; later ones refuse more."""
    found = knobs_of("vertex", model)
    assert (found.signed_calls, found.media_results, found.media_resolution) == (newer,) * 3
    assert found.lacks == (frozenset({"frequency_penalty", "presence_penalty"}) if strict else frozenset())
    assert found.assistant_last == (not strict)


@pytest.mark.parametrize(
    ("model", "purpose"),
    [
        ("gemini-2.5-flash", "any"),
        ("gemini-9-neon", "any"),
        ("endpoints/123", "any"),
        ("gemini-3.1-flash-image", "draw"),
        ("gemini-nano-banana-2.1", "draw"),
        ("gemini-nano-banana-3", "draw"),
        ("gemini-3.8-flash-lite-tts", "speak"),
        ("gemini-2.5-pro-preview-tts", "speak"),
        ("text-embedding-005", "embed"),
        ("gemini-embedding-001", "embed"),
        ("gemini-embedding-2", "embed_content"),
        ("multimodalembedding@001", "embed_media"),
        ("imagen-4.0-fast-generate-001", "predict_draw"),
        ("imagen-3.0-capability-001", "predict_edit"),
        ("imagen-4.0-upscale-preview", "predict_upscale"),
        ("imagegeneration@006", "predict_draw_upscale"),
    ],
)
def test_purposes_of_googles_models(model: str, purpose: str) -> None:
    """The purpose decides the wire; of a name that says nothing, a model may be for anything."""
    assert knobs_of("vertex", model).purpose == purpose


def test_every_knob_is_stated_by_some_file() -> None:
    """A knob that no file states, and no kind in its dialect, is not one."""
    stated = {name for path in DATA.glob("*.toml") for table in read(path).knobs for name in table.values}
    kinds = [kind.dialect for kind in KINDS.values() if isinstance(kind, OpenAIKind)]
    stated |= {name for name in FORMS if len({getattr(dialect, name) for dialect in kinds}) > 1}
    assert stated == {field.name for field in fields(Knobs)}


def test_forms_are_those_of_dialects() -> None:
    """A knob about the form of a conversation replaces a field of the dialect, which has the same words."""
    assert tuple(FORMS) == BY_MODEL
    hints = get_type_hints(Dialect)
    assert {name: {"", *get_args(hints[name])} for name in FORMS} == {
        name: set(words) for name, words in FORMS.items()
    }


def test_every_knob_is_read() -> None:
    """A wire reads each knob, by itself or through the dialect; the assembly reads what it passes on."""
    read_here = set(BY_MODEL)
    for folder in ("providers", "assembly"):
        for path in (Path(ringmain_server.__path__[0]) / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            read_here |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert {field.name for field in fields(Knobs)} <= read_here


@pytest.mark.parametrize(
    ("kind", "model", "said"),
    [
        ("openai", "o1-mini-2024-09-12", {"system_role": "user"}),
        ("openai", "gpt-6.1-sol", {}),
        ("gemini", "gemma-3-27b-it", {"system_role": "user"}),
        ("gemini", "gemma-4-31b-it", {}),
        ("vllm", "google/gemma-3-12b-it", {"system_role": "user", "turns": "alternating"}),
        ("ollama", "gemma3:4b", {"system_role": "user", "turns": "alternating"}),
        ("llamacpp", "Qwen3.5-27B-GGUF", {"system_place": "first"}),
        ("ollama", "qwen3.8:27b", {"system_place": "first"}),
        ("vllm", "Qwen/Qwen3-8B", {}),
        (
            "together",
            "mistralai/Mistral-Small-24B-Instruct-2501",
            {"system_place": "first", "turns": "alternating", "tool_ids": "nine_alphanumeric"},
        ),
        ("mistral", "mistral-small-latest", {}),
    ],
)
def test_forms_of_models(kind: str, model: str, said: Mapping[str, str]) -> None:
    """The catalog says where the role of instructions and the order of turns differ from the kind's."""
    found = knobs_of(kind, model)
    assert {name: word for name in FORMS if (word := getattr(found, name))} == said


@pytest.mark.parametrize("model", ["o1", "o3-mini-2025-01-31", "o4-mini", "o3"])
def test_models_that_do_not_take_parallel_calls(model: str) -> None:
    """They refuse to be told, whatever they would be told."""
    assert "parallel_tool_calls" in knobs_of("openai", model).lacks
    assert "parallel_tool_calls" not in knobs_of("openai", "gpt-4.1").lacks


@pytest.mark.parametrize(
    ("kind", "model", "held"),
    [
        ("groq", "openai/gpt-oss-120b", True),
        ("groq", "moonshotai/kimi-k2-instruct", False),
        ("deepseek", "deepseek-v4-pro", False),
        ("openai", "gpt-4o", True),
    ],
)
def test_models_that_are_held_to_schemas(kind: str, model: str, held: bool) -> None:
    """The catalog says which models a provider holds to a schema; the wire does not ask for it at others."""
    assert knobs_of(kind, model).native_schema == held


def test_kinds_without_a_file_have_the_usual_knobs() -> None:
    """Nothing is known of their models."""
    assert knobs_of("local", "gpt-5") == knobs_of("nothing", "gpt-5") == USUAL_KNOBS
