"""Configuration: the settings of models, candidates and prices."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    model_validator,
)

from ringmain_server.config.fields import (
    Count,
    Day,
    Dollars,
    Flag,
    Number,
    Section,
    Text,
    not_empty,
)
from ringmain_server.config.knobs import KnobSettings
from ringmain_server.config.providers import TimeoutOverrides
from ringmain_server.config.reliability import (
    BreakerSection,
    ExhaustedSettings,
    Failure,
    HedgeSettings,
    RetrySettings,
)

# The names of the contract's Capability values, lower case, without prefix. A test compares them.
Capability = Literal[
    "chat",
    "vision",
    "document",
    "audio_input",
    "audio_output",
    "image_output",
    "tools",
    "web_search",
    "code_execution",
    "json_schema",
    "reasoning",
    "image_generation",
    "image_editing",
    "image_upscaling",
    "image_classification",
    "embedding",
    "transcription",
    "speech",
]


class PriceSettings(Section):
    """Prices in US dollars; those of tokens are for a million. They win over the built-in price list."""

    input_per_mtok: Dollars = Field(default=Decimal(0), description="Input tokens.")
    output_per_mtok: Dollars = Field(default=Decimal(0), description="Output tokens, reasoning included.")
    cached_input_per_mtok: Dollars | None = Field(
        default=None,
        description="Input tokens read from the provider's prompt cache. Absent means as input.",
    )
    cache_write_per_mtok: Dollars | None = Field(
        default=None,
        description="Input tokens written to the provider's prompt cache. Absent means as input.",
    )
    per_image: Dollars | None = Field(
        default=None, description="Each image drawn. Absent means that images are billed by their tokens."
    )
    per_audio_minute: Dollars | None = Field(
        default=None, description="Each minute of audio transcribed or spoken. Absent likewise."
    )
    per_mchar: Dollars | None = Field(
        default=None, description="A million characters spoken. Absent likewise."
    )

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        tokens = {"input_per_mtok", "output_per_mtok"} & self.model_fields_set
        media = {"per_image", "per_audio_minute", "per_mchar"} & self.model_fields_set
        if len(tokens) == 1 or not (tokens or media):
            raise ValueError("must have input_per_mtok and output_per_mtok, or a price of media")
        return self


class CandidateSettings(Section):
    """A provider's model that serves a model of this gateway.

    The short form is the text `provider/model`, split at the first slash.
    """

    provider: Text = Field(description="The provider's name in `providers`.")
    model: Text = Field(description="The provider's own name for the model.")
    price: PriceSettings | None = Field(
        default=None, description="Its prices. Absent means the built-in price list."
    )
    capabilities: tuple[Capability, ...] | None = Field(
        default=None, description="Its capabilities. Absent means what the catalog knows (docs/models.md)."
    )
    context_tokens: Count | None = Field(
        default=None, description="The most tokens of input and output together."
    )
    max_output_tokens: Count | None = Field(default=None, description="The most tokens of output.")
    retire_date: Day | None = Field(
        default=None,
        description="The first day on which its provider no longer serves it, such as `2027-03-31`. Callers "
        "see it (`ringmain models`), and the log warns of it 90 days before. Absent means what the catalog "
        "knows.",
    )
    replaced_by: Text | None = Field(
        default=None,
        description="The provider's own name for the model that it recommends instead. Absent means what the "
        "catalog knows.",
    )
    knobs: KnobSettings = Field(
        default_factory=KnobSettings,
        description="The settings that it takes, where they differ from what the catalog knows.",
    )
    weight: Number = Field(
        default=1.0, description="Its share of the traffic, relative to the others, under `weighted`."
    )
    prefill: Flag | None = Field(
        default=None,
        description="Whether it continues an assistant's unfinished turn. Absent means what "
        "the gateway knows of it.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        provider, slash, model = value.partition("/")
        if not (provider and slash and model):
            raise ValueError("must be provider/model, such as openai/gpt-4o-mini")
        return {"provider": provider, "model": model}


class ModelSettings(Section):
    """A model of this gateway, under the name that callers use. The name has no slash."""

    candidates: Annotated[tuple[CandidateSettings, ...], AfterValidator(not_empty)] = Field(
        description="The candidates that serve it, in the order in which they are tried. At least one."
    )
    timeouts: TimeoutOverrides = Field(
        default_factory=TimeoutOverrides,
        description="Timeouts of this model, where they differ from its provider's.",
    )
    strategy: Literal["priority", "weighted", "lowest_latency", "lowest_cost"] = Field(
        default="priority", description="The order in which candidates are tried."
    )
    failover_on: tuple[Failure, ...] | None = Field(
        default=None,
        description="Failures after which the next candidate is tried. Absent means those after which "
        "another candidate may succeed.",
    )
    max_hops: Count = Field(default=8, description="The most candidates tried for one request.")
    retry: RetrySettings = Field(
        default=RetrySettings(), description="Retries of this model, where they differ from `retry`."
    )
    breaker: BreakerSection = Field(
        default=BreakerSection(), description="Breakers, where they differ from the provider's."
    )
    stream_recovery: Literal["fail", "restart", "continue"] = Field(
        default="fail",
        description="What to do when a stream breaks after content, if the request does not say.",
    )
    hedge: HedgeSettings | None = Field(default=None, description="Hedging; null for none.")
    on_exhausted: ExhaustedSettings = Field(
        default=ExhaustedSettings(), description="What happens when no candidate may be tried."
    )
    on_cancel: Literal["abort", "drain"] = Field(
        default="abort",
        description="What happens at the provider when the caller cancels: its connection is closed at once, "
        "or its answer is read to the end for exact usage.",
    )
    description: str = Field(default="", description="A description for people.")
    replaced_by: Text | None = Field(
        default=None,
        description="The model to use instead, by its name in `models` or as `provider/model`. Callers see "
        "it, also in the error when nobody knows this model any more.",
    )
