"""Configuration, outside the rooms: what can be set of a provider, and how long its attempts may take."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    Strict,
)

from ringmain_server.config.fields import (
    BaseUrl,
    Count,
    Endpoint,
    Flag,
    HeaderName,
    Location,
    Number,
    Secret,
    Section,
    Span,
    Text,
    frozen,
    nothing,
)
from ringmain_server.config.reliability import (
    BreakerSettings,
    ConcurrencySettings,
    CooldownSettings,
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
    headers: Annotated[Mapping[HeaderName, Secret], AfterValidator(frozen)] = Field(
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
        description="The most connections at once; null for no limit of its own. A request waits for one "
        "as long as for a new one, then the candidate is full. OpenAI wire.",
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
    cooldown: CooldownSettings = Field(
        default=CooldownSettings(),
        description="Cooldowns of this provider's models, where they differ from `cooldown`.",
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
