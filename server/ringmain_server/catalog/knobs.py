"""Catalog, pure: the knobs of models: the settings that a model takes, and the forms in which it does.

A data file states them in tables `[[knobs]]`, each for the models whose names match. Of several tables that
match, the last one that states a knob wins, so that a file goes from families to single models:

    [[knobs]]
    names = ["gpt-5*"]                          # a whole family, models that come later included
    efforts = ["low", "medium", "high"]

    [[knobs]]
    names = ["gpt-5", "gpt-5-mini"]             # and their snapshots
    efforts = ["minimal", "low", "medium", "high"]

A candidate has its model's knobs as `candidate.knobs`, resolved once when it is built. Wires read them and
know no model by its name.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from ringmain_server.catalog.names import model_key
from ringmain_server.catalog.values import read_values

EFFORTS = ("none", "minimal", "low", "default", "medium", "high", "xhigh", "max")
"""Every word for an effort of reasoning, the smallest first; `default` is that of a model with only one."""
REASONING = ("none", "effort", "budget")
REASONING_OFF = ("disabled", "between_tools")
PURPOSES = (
    "any",
    "chat",
    "draw",
    "speak",
    "predict_draw",
    "predict_edit",
    "predict_upscale",
    "predict_draw_upscale",
    "embed",
    "embed_content",
    "embed_media",
)
TRANSCRIPTS = ("segments", "text", "speakers")

SETTINGS = (
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "stop_sequences",
    "seed",
    "top_logprobs",
    "instructions",
    "prompt",
    "translate",
    "parallel_tool_calls",
)
"""The contract's names of the settings that some models refuse."""

FORMS: Mapping[str, Collection[str]] = {
    "system_role": ("", "system", "developer", "user"),
    "system_place": ("", "any", "first"),
    "turns": ("", "any", "answered", "alternating"),
    "texts": ("", "joined", "list"),
    "tool_ids": ("", "any", "up_to_40", "nine_alphanumeric"),
}
"""The words of the knobs about the form of a conversation. An empty one leaves it to the provider's kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """The settings that a model takes. The defaults are those of a model of which nothing is known.

    Attributes:
        reasoning: How it is told how much to reason: by an `effort`, by a `budget` of tokens, or not at all
            (`none`).
        efforts: The efforts that it knows, of `EFFORTS`. Without `none`, it cannot be told not to reason.
        reasons_unasked: Whether it reasons if the request does not say.
        reasoning_off: Anthropic's word for not reasoning, of `REASONING_OFF`.
        min_reasoning_tokens: The smallest budget that it takes.
        max_reasoning_tokens: The largest budget that it takes; 0 if unknown.
        lacks: Settings that it refuses, by their names in the contract (`SETTINGS`).
        reasoning_lacks: Settings that it refuses while it reasons.
        exclusive: Settings of which a request may have only one: the first of them that it has.
        max_stop_sequences: Most stop sequences; 0 if as many as the contract has.
        system_role: Who says the instructions: `system`, `developer` or the `user`.
        system_place: Where instructions may stand: `any` place, or only the `first` one.
        turns: The order of turns: `any`; `answered`, if the model has the turn between a tool and the user
            and its last one is marked as unfinished; or `alternating`, if the user and the model take turns
            and the user begins.
        texts: Whether several texts of one message are `joined` to one, or stay a `list`.
        tool_ids: The ids of tool calls that it takes: `any`, `up_to_40` characters or `nine_alphanumeric`.
        forced_tools: Whether it can be made to call a tool.
        forced_while_reasoning: Whether it can be made so while it reasons. If not, it does not reason then.
        native_schema: Whether its provider holds it to a JSON schema and to a tool's parameters.
        web_search: Whether it searches the web if a chat completion asks it to.
        prefill: Whether it continues an assistant's unfinished turn.
        assistant_last: Whether a conversation may end with its own turn, whether it continues it or not.
        media_results: Whether results of tools may hold media.
        media_resolution: Whether each medium may state a resolution.
        signed_calls: Whether it refuses its own calls without their signatures.
        day_cache: Whether OpenAI keeps its prompts for a day on request.
        hour_cache_at_bedrock: Whether Bedrock, too, can keep its prompts for an hour.
        purpose: What a model of Google's is for, which decides its wire, of `PURPOSES`.
        transcript: What a transcribing model of OpenAI's wire writes, of `TRANSCRIPTS`: segments with times,
            a text as it hears it, or segments with speakers.
        asks_for_bytes: Whether an image comes by URL unless the request asks for bytes.
    """

    reasoning: str = "effort"
    efforts: tuple[str, ...] = ("none", "low", "medium", "high")
    reasons_unasked: bool = True
    reasoning_off: str = "disabled"
    min_reasoning_tokens: int = 1
    max_reasoning_tokens: int = 0
    lacks: frozenset[str] = frozenset()
    reasoning_lacks: frozenset[str] = frozenset()
    exclusive: tuple[str, ...] = ()
    max_stop_sequences: int = 0
    system_role: str = ""
    system_place: str = ""
    turns: str = ""
    texts: str = ""
    tool_ids: str = ""
    forced_tools: bool = True
    forced_while_reasoning: bool = True
    native_schema: bool = True
    web_search: bool = False
    prefill: bool = False
    assistant_last: bool = True
    media_results: bool = False
    media_resolution: bool = False
    signed_calls: bool = False
    day_cache: bool = False
    hour_cache_at_bedrock: bool = True
    purpose: str = "any"
    transcript: str = "segments"
    asks_for_bytes: bool = False


USUAL_KNOBS = Knobs()
"""The knobs of a model of which nothing is known."""

WORDS: Mapping[str, Collection[str]] = {
    "reasoning": REASONING,
    "reasoning_off": REASONING_OFF,
    "purpose": PURPOSES,
    "transcript": TRANSCRIPTS,
    "efforts": EFFORTS,
    "lacks": SETTINGS,
    "reasoning_lacks": SETTINGS,
    "exclusive": SETTINGS,
    **FORMS,
}
"""The words of which a knob has one, or some."""


@dataclass(frozen=True, slots=True)
class KnobTable:
    """One table of a data file.

    Attributes:
        patterns: Keys of names; `*` stands for any text, `[0-9]` for a digit.
        values: The knobs that it states.
    """

    patterns: Sequence[str]
    values: Mapping[str, object]

    def matches(self, keys: Sequence[str]) -> bool:
        """Whether the table is for a model that is known under these keys."""
        return any(fnmatchcase(key, pattern) for key in keys for pattern in self.patterns)


def knobs_in(tables: Iterable[KnobTable], keys: Sequence[str]) -> Knobs:
    """Returns the knobs of the model that is known under these keys.

    Args:
        tables: The tables of a data file, in its order.
        keys: The keys of the model's name (`names.keys`).
    """
    values: dict[str, object] = {}
    for table in tables:
        if table.matches(keys):
            values.update(table.values)
    return overridden(USUAL_KNOBS, values)


def overridden(knobs: Knobs, values: Mapping[str, object]) -> Knobs:
    """Returns knobs with some other values."""
    return replace(knobs, **values) if values else knobs  # type: ignore[arg-type] # they were checked


def read_knobs(document: Mapping[str, object]) -> Iterator[KnobTable]:
    """Yields the tables of a data file.

    Raises:
        ValueError: A table breaks a rule.
    """
    tables = document.get("knobs", ())
    for table in tables if isinstance(tables, list) else ():
        try:
            yield _read(table)
        except ValueError as exc:
            raise ValueError(f"knobs of {table.get('names')}: {exc}") from exc


def _read(table: Mapping[str, object]) -> KnobTable:
    names, source = table.get("names"), table.get("source")
    if not isinstance(names, list) or not names or not all(isinstance(one, str) for one in names):
        raise ValueError("names is not a list of names")
    if not isinstance(source, str) or not source.startswith("https://"):
        raise ValueError("source is not an https address")
    stated = {key: value for key, value in table.items() if key not in ("names", "source")}
    values = read_values(Knobs, stated)
    for name, value in values.items():
        for word in (value,) if isinstance(value, str) else value if name in WORDS else ():
            if word not in WORDS[name]:
                raise ValueError(f"{name} has no {word!r}")
    return KnobTable([model_key(one) for one in names], values)
