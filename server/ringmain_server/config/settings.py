"""Configuration, outside the rooms: what can be set, frozen and checked.

The descriptions below are the configuration reference: `docs/configuration.md` is made from them.
Strings from the environment become numbers before they get here (`schema.typed`), so that numbers
and booleans are strict.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    Strict,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ringmain_server.config import units
from ringmain_server.config.fields import (
    Address,
    BaseUrl,
    Count,
    Dollars,
    Endpoint,
    Flag,
    HostPort,
    Level,
    Location,
    Number,
    Secret,
    Section,
    Size,
    Span,
    Text,
    Wait,
    frozen,
    not_empty,
    nothing,
)
from ringmain_server.config.reliability import (
    BackoffSettings,
    BreakerSettings,
    ConcurrencySettings,
    ExhaustedSettings,
    Failure,
    HedgeSettings,
    HoldSettings,
    OverloadSettings,
    ProbeSettings,
    RetrySettings,
)

T = TypeVar("T")

# The names of the contract's Capability values, lower case, without prefix. A test compares them.
Capability = Literal[
    "chat",
    "vision",
    "tools",
    "json_schema",
    "reasoning",
    "document",
    "image_generation",
    "image_editing",
    "image_upscaling",
    "image_classification",
    "embedding",
    "transcription",
    "speech",
]


class ServerSettings(Section):
    """Where the gateway listens, and how it treats connections."""

    # First, because the checks of the addresses below need to know it.
    allow_unauthenticated: Flag = Field(
        default=False,
        description="Allow addresses that other machines can reach although callers need no "
        "credentials. The flag is `--allow-unauthenticated`.",
    )
    listen: Address = Field(
        default="127.0.0.1:50051",
        description="Where callers reach the API. Port 0 takes any free port; `unix:/path` is a "
        "Unix domain socket.",
    )
    admin_listen: Address | None = Field(
        default="127.0.0.1:50052",
        description="Where operators reach the admin API; null turns it off.",
    )
    metrics_listen: HostPort | None = Field(
        default=None,
        description="Where Prometheus scrapes `/metrics` over HTTP; null turns it off.",
    )
    workers: Count = Field(
        default=1,
        description="How many processes share the port.",
    )
    max_receive_bytes: Size = Field(
        default=64 * 2**20,
        description="The largest message a caller may send.",
    )
    max_concurrent_streams: Count | None = Field(
        default=None,
        description="The most calls in flight on one connection; null for no limit.",
    )
    default_deadline: Span = Field(
        default=600.0,
        description="The deadline of a call that comes without one.",
    )
    keepalive_time: Span = Field(
        default=60.0,
        description="How long a connection is silent before the server pings it.",
    )
    watch_config: Flag = Field(
        default=True,
        description="Whether a change of the configuration file reloads it, as SIGHUP and `ringmain reload` "
        "always do.",
    )
    drain_delay: Wait = Field(
        default=0.0,
        description="How long to go on taking calls after SIGTERM, so that load balancers notice "
        "that readiness ended.",
    )
    stream_grace: Wait = Field(
        default=30.0,
        description="How long calls in flight may run on after the drain delay.",
    )

    @field_validator("listen", "admin_listen", "metrics_listen")
    @classmethod
    def _stays_private(cls, value: str | None, info: ValidationInfo) -> str | None:
        open_to_all = info.data.get("allow_unauthenticated", True)
        if value is not None and not open_to_all and not units.is_loopback(value):
            raise ValueError(
                "listens on loopback only, such as 127.0.0.1, because callers need no credentials;"
                " --allow-unauthenticated (server.allow_unauthenticated) allows other addresses"
            )
        return value

    @field_validator("admin_listen", "metrics_listen")
    @classmethod
    def _stands_alone(cls, value: str | None, info: ValidationInfo) -> str | None:
        for other in ("listen", "admin_listen"):
            if value is not None and value == info.data.get(other) and not value.endswith(":0"):
                raise ValueError(f"is the same address as server.{other}")
        return value


class LogFileSettings(Section):
    """A log file beside the standard error stream. A plain text value is its `path`."""

    path: Text = Field(description="The file.")
    max_bytes: Size = Field(
        default=100 * 2**20,
        description="The size at which a new file is begun.",
    )
    backup_count: Annotated[int, Strict(), Field(ge=0)] = Field(
        default=5,
        description="How many older files are kept.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"path": value} if isinstance(value, str) else value


class LogSettings(Section):
    """What is logged, and how it looks."""

    level: Level = Field(default="info", description="The least severe level that is logged.")
    format: Literal["auto", "console", "json"] = Field(
        default="auto",
        description="How a line looks; `auto` is `console` on a terminal and `json` otherwise.",
    )
    file: LogFileSettings | None = Field(
        default=None,
        description="A rotating file that gets the same lines as JSON; null for none.",
    )


class TimeoutOverrides(Section):
    """Timeouts that differ from the next outer ones. What is absent stays as it is there."""

    connect: Span | None = Field(default=None, description="The longest wait for a connection.")
    attempt: Span | None = Field(default=None, description="The longest whole answer.")
    first_content: Span | None = Field(
        default=None, description="The longest wait for a stream's first content."
    )
    idle: Span | None = Field(
        default=None, description="The longest silence between two contents of a stream."
    )


class TimeoutSettings(Section):
    """How long one attempt at a provider may take. Providers and models may differ."""

    connect: Span = Field(default=5.0, description="The longest wait for a connection.")
    attempt: Span = Field(default=300.0, description="The longest whole answer, from the request to its end.")
    first_content: Span = Field(default=60.0, description="The longest wait for a stream's first content.")
    idle: Span = Field(default=60.0, description="The longest silence between two contents of a stream.")

    def overridden(self, by: TimeoutOverrides) -> Self:
        """These timeouts with those of `by` in place of its own where it has any."""
        return self.model_copy(update=by.model_dump(exclude_none=True))


class ProviderSettings(Section):
    """A provider: an account at an upstream, under a name of your choice.

    The name is lower case letters, digits and `._-`. Each kind takes the settings of its wire.
    """

    kind: str = Field(description="The provider kind, from the table of kinds.")
    base_url: BaseUrl | None = Field(
        default=None,
        description="The endpoint, up to and without `/chat/completions` or `/v1/messages`; for Azure, the "
        "resource's endpoint; for Gemini, without the version. Absent means the kind's own. OpenAI, "
        "Anthropic and Gemini wires.",
    )
    api_key: Secret | None = Field(
        default=None,
        description="The key. Absent means the kind's usual variable, unless `base_url` points "
        "elsewhere. OpenAI, Anthropic and Gemini wires.",
    )
    organization: Text | None = Field(
        default=None, description="The organization that requests count for. OpenAI wire."
    )
    project: Text | None = Field(
        default=None,
        description="The project that requests count for; at Vertex AI, the Google Cloud project. "
        "OpenAI, Anthropic and Vertex wires.",
    )
    api_version: Text | None = Field(
        default=None,
        description="The version of the API, where the endpoint asks for one, as Azure does. OpenAI wire.",
    )
    wire: Literal["auto", "chat", "responses"] = Field(
        default="auto",
        description="How chat is asked for: `chat` over `/chat/completions`, `responses` over `/responses`, "
        "which keeps a model's reasoning for its next turn; `auto` takes `responses` for models that need "
        "it. OpenAI wire.",
    )
    headers: Annotated[Mapping[str, Secret], AfterValidator(frozen)] = Field(
        default_factory=nothing,
        description="HTTP headers sent with every request. Their values count as secrets. "
        "OpenAI, Anthropic and Gemini wires.",
    )
    result_hosts: tuple[Text, ...] = Field(
        default_factory=tuple,
        description="Where the service keeps its pictures, such as `*.example.com`. Absent means the hosts "
        "that are known as its own. Image services.",
    )
    poll_interval: Span | None = Field(
        default=None,
        description="The time between two looks at a job. Absent means what its service advises. Image "
        "services.",
    )
    connection_limit: Count | None = Field(
        default=None,
        description="The most connections at once; null for no limit of its own. OpenAI wire.",
    )
    platform: Literal["vertex", "bedrock"] | None = Field(
        default=None,
        description="The cloud that serves Claude in place of Anthropic; it needs `location`. `api_key` "
        "is then an access token or a Bedrock key; absent, the cloud's usual credentials are used. "
        "Anthropic wire.",
    )
    location: Location | None = Field(
        default=None,
        description="The region at the cloud, such as `us-east5`; at Vertex AI also `global`. "
        "Anthropic and Vertex wires.",
    )
    endpoint: Endpoint | None = Field(
        default=None,
        description="The host, with or without a port, in place of the location's own. Vertex wire.",
    )
    insecure: Flag = Field(
        default=False,
        description="Use neither TLS nor credentials: for tests, with an `endpoint` of your own. "
        "Vertex wire.",
    )
    credentials_file: Text | None = Field(
        default=None,
        description="The key file of a service account. Absent means the application default credentials. "
        "Vertex wire.",
    )
    access_token: Secret | None = Field(
        default=None,
        description="An access token in place of other credentials. It is not renewed. Vertex wire.",
    )
    betas: tuple[Text, ...] = Field(
        default_factory=tuple, description="Beta features, sent as `anthropic-beta`. Anthropic wire."
    )
    max_output_tokens: Count | None = Field(
        default=None,
        description="The most tokens to write where neither the request nor the candidate says: this wire "
        "wants a number. Absent means 8192. Anthropic wire.",
    )
    cache_system_tokens: Count | None = Field(
        default=None,
        description="From about how many tokens on a system prompt is put into the provider's cache; null "
        "for never. Anthropic wire.",
    )
    timeouts: TimeoutOverrides = Field(
        default_factory=TimeoutOverrides,
        description="Timeouts of this provider, where they differ from `timeouts`.",
    )
    breaker: BreakerSettings = Field(
        default=BreakerSettings(),
        description="The breakers of this provider's models, where they differ from `breaker`.",
    )
    hold: HoldSettings = Field(
        default=HoldSettings(), description="Holds of this provider's models, where they differ from `hold`."
    )
    concurrency: ConcurrencySettings = Field(
        default=ConcurrencySettings(),
        description="Limits of this provider's models, where they differ from `concurrency`.",
    )
    first_token_ms: Number = Field(
        default=0, description="Milliseconds before the first content. Sandbox only."
    )
    tokens_per_second: Number = Field(
        default=0, description="The pace of streams; 0 is as fast as it goes. Sandbox only."
    )
    seed: Annotated[int, Strict()] = Field(
        default=0, description="Another seed gives other answers. Sandbox only."
    )


class PriceSettings(Section):
    """A price in US dollars, of tokens for a million. It wins over the built-in price list."""

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
        default=None, description="Each image made. Absent means that images are paid by their tokens."
    )
    per_audio_minute: Dollars | None = Field(
        default=None, description="Each minute of audio heard or spoken. Absent likewise."
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
        default=None, description="What it costs. Absent means the built-in price list."
    )
    capabilities: tuple[Capability, ...] | None = Field(
        default=None, description="What it can do. Absent means what the catalog knows (docs/models.md)."
    )
    context_tokens: Count | None = Field(
        default=None, description="The most tokens of input and output together."
    )
    max_output_tokens: Count | None = Field(default=None, description="The most tokens of output.")
    weight: Number = Field(
        default=1.0, description="Its share of the traffic, relative to the others, under `weighted`."
    )
    prefill: Flag | None = Field(
        default=None,
        description="Whether it continues an assistant's unfinished turn. Absent means what is known of it.",
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
    """A model of this gateway: the name that callers use. It holds no slash."""

    candidates: Annotated[tuple[CandidateSettings, ...], AfterValidator(not_empty)] = Field(
        description="What serves it, in the order tried. At least one."
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
        description="Failures after which the next candidate is tried. Absent means those that may go "
        "better elsewhere.",
    )
    max_hops: Count = Field(default=8, description="The most candidates tried for one request.")
    retry: RetrySettings = Field(
        default=RetrySettings(), description="Retries of this model, where they differ from `retry`."
    )
    breaker: BreakerSettings = Field(
        default=BreakerSettings(), description="Breakers, where they differ from the provider's."
    )
    stream_recovery: Literal["fail", "restart", "continue"] = Field(
        default="fail", description="What to do when a stream breaks after content, unless the request says."
    )
    hedge: HedgeSettings | None = Field(default=None, description="Hedging; null for none.")
    on_exhausted: ExhaustedSettings = Field(
        default=ExhaustedSettings(), description="What happens when no candidate may be tried."
    )
    on_cancel: Literal["abort", "drain"] = Field(
        default="abort",
        description="What happens at the provider when the caller leaves: its connection is closed at once, "
        "or its answer is read to the end for exact usage.",
    )
    description: str = Field(default="", description="What it is for, for people.")


class IdempotencySettings(Section):
    """Answers kept for requests that come again with the same `request_id`.

    They are kept in the memory of each process: a repeat that reaches another one runs again.
    """

    ttl: Span = Field(default=86400.0, description="How long an answer is kept.")
    max_entries: Count = Field(
        default=10_000,
        description="The most answers that are kept; the longest unused goes first.",
    )
    max_bytes: Size = Field(default=64 * 2**20, description="The most bytes of answers that are kept.")


class MediaSettings(Section):
    """Limits of what callers send beside text."""

    fetch_hosts: tuple[Text, ...] = Field(
        default_factory=tuple,
        description="The hosts that media are fetched from by their https address, such as "
        "`images.example.com` or `*.example.com`; never at addresses that are not public. Elsewhere the "
        "provider is given the address. Holds from the next start on.",
    )
    max_image_bytes: Size = Field(default=32 * 2**20, description="The largest file of an image.")
    max_image_pixels: Count = Field(
        default=64_000_000, description="The most pixels of an image, width times height."
    )
    max_recording_bytes: Size = Field(
        default=25 * 2**20, description="The largest recording that is transcribed."
    )
    max_document_bytes: Size = Field(default=256 * 2**20, description="The largest document that is read.")
    max_document_pages: Count = Field(default=2000, description="The most pages of a document that is read.")
    parallel_pages: Count = Field(
        default=4, description="Pages of a document in work at once, where the request does not say."
    )
    max_parallel_pages: Count = Field(
        default=16, description="The most that a request may ask for; more counts as this."
    )
    threads: Annotated[int, Strict(), Field(ge=0, le=64)] = Field(
        default=0, description="Threads that work on media; 0 for half as many as there are processors."
    )
    location_allowed: Flag = Field(
        default=False, description="Whether an inspected image may tell where it was taken."
    )


ALWAYS = ("sandbox", "local")
"""Providers that need no configuration, each of the kind of its name."""


def _always() -> Mapping[str, ProviderSettings]:
    return MappingProxyType({name: ProviderSettings(kind=name) for name in ALWAYS})


class Settings(Section):
    """The whole configuration."""

    server: ServerSettings = Field(default_factory=ServerSettings, description="The service itself.")
    log: LogSettings = Field(default_factory=LogSettings, description="Logs.")
    timeouts: TimeoutSettings = Field(
        default_factory=TimeoutSettings, description="Timeouts of every provider."
    )
    breaker: BreakerSettings = Field(
        default_factory=BreakerSettings, description="Circuit breakers of every candidate."
    )
    hold: HoldSettings = Field(default_factory=HoldSettings, description="Holds of every candidate.")
    concurrency: ConcurrencySettings = Field(
        default_factory=ConcurrencySettings, description="Concurrent calls of every candidate."
    )
    retry: RetrySettings = Field(default_factory=RetrySettings, description="Retries of every model.")
    backoff: BackoffSettings = Field(default_factory=BackoffSettings, description="The waits before retries.")
    probes: ProbeSettings = Field(
        default_factory=ProbeSettings, description="Active probes of candidates whose breaker is open."
    )
    overload: OverloadSettings = Field(
        default_factory=OverloadSettings, description="How many calls the gateway takes on."
    )
    idempotency: IdempotencySettings = Field(
        default_factory=IdempotencySettings, description="Answers kept for repeated requests."
    )
    media: MediaSettings = Field(
        default_factory=MediaSettings, description="Images, documents and recordings."
    )
    providers: Annotated[Mapping[str, ProviderSettings], AfterValidator(frozen)] = Field(
        default_factory=_always,
        description="The providers, by name.",
    )
    models: Annotated[Mapping[str, ModelSettings], AfterValidator(frozen)] = Field(
        default_factory=nothing, description="The models, by name."
    )

    def timeouts_for(self, provider: str, model: str | None = None) -> TimeoutSettings:
        """The timeouts of an attempt: the defaults, then the provider's, then the model's.

        Args:
            provider: A configured provider.
            model: A configured model, or None when the provider's model is addressed directly.
        """
        timeouts = self.timeouts.overridden(self.providers[provider].timeouts)
        if model is None:
            return timeouts
        return timeouts.overridden(self.models[model].timeouts)
