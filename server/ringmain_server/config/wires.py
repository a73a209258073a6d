"""Configuration: the settings of each wire, one section for each.

A provider takes the settings that every provider has and those of its kind's wire. A setting of another wire
is an unknown key. Each section also checks how its settings are combined.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, GetCoreSchemaHandler, Strict, TypeAdapter
from pydantic_core import CoreSchema, core_schema

from ringmain_server.config.fields import (
    BaseUrl,
    Count,
    Endpoint,
    Flag,
    HeaderName,
    Location,
    Number,
    Secret,
    Span,
    Text,
    frozen,
    nothing,
)
from ringmain_server.config.problems import Keys, Mistake
from ringmain_server.config.providers import ProviderSettings
from ringmain_server.kinds import KINDS, Kind


class HttpSettings(ProviderSettings):
    """The settings of every wire that the gateway speaks over HTTP: an endpoint, a key and headers."""

    base_url: BaseUrl | None = Field(default=None, description="The endpoint. Absent means the kind's own.")
    api_key: Secret | None = Field(
        default=None,
        description="The key. Absent means the kind's usual variable, unless `base_url` points elsewhere.",
    )
    headers: Annotated[Mapping[HeaderName, Secret], AfterValidator(frozen)] = Field(
        default_factory=nothing,
        description="HTTP headers sent with every request. Their values count as secrets.",
    )

    @classmethod
    def required(cls, kind: Kind, given: Mapping[str, object]) -> tuple[str, ...]:
        """Returns the settings without which a provider cannot work. See `ProviderSettings.required`."""
        # A self-hosted server may need no key; the vendor's endpoint always does.
        keyless = given.get("base_url") != kind.base_url
        return tuple(name for name in kind.required if not (keyless and name == "api_key"))

    @classmethod
    def takes_usual_values(cls, given: Mapping[str, object]) -> bool:
        """Whether the kind's usual values hold. See `ProviderSettings.takes_usual_values`."""
        return given.get("base_url") is None

    def is_at_vendor(self, kind: Kind) -> bool:
        """Whether requests go to the vendor's own endpoint."""
        return self.base_url in (None, kind.base_url)


class OpenAISettings(HttpSettings):
    """A provider of OpenAI's wire."""

    base_url: BaseUrl | None = Field(
        default=None,
        description="The endpoint, up to and without `/chat/completions`; for Azure, the resource's "
        "endpoint. Absent means the kind's own.",
    )
    organization: Text | None = Field(default=None, description="The organization that requests count for.")
    project: Text | None = Field(default=None, description="The project that requests count for.")
    api_version: Text | None = Field(
        default=None,
        description="The version of the API, where the endpoint asks for one, as Azure does.",
    )
    wire: Literal["auto", "chat", "responses"] = Field(
        default="auto",
        description="The API for chat: `chat` over `/chat/completions`, `responses` over `/responses`, "
        "which keeps a model's reasoning for its next turn; `auto` takes `responses` for models that need "
        "it.",
    )
    connection_limit: Count | None = Field(
        default=None,
        description="The most connections at once; null for no limit of its own. A request waits for a free "
        "one as long as for a new one; then the candidate counts as full.",
    )


class AnthropicSettings(HttpSettings):
    """A provider of Anthropic's wire: Claude at Anthropic, on Vertex AI and on Bedrock."""

    base_url: BaseUrl | None = Field(
        default=None,
        description="The endpoint, up to and without `/v1/messages`. Absent means the kind's own.",
    )
    platform: Literal["vertex", "bedrock"] | None = Field(
        default=None,
        description="The cloud that serves Claude in place of Anthropic; it needs `location`. `api_key` "
        "is then an access token or a Bedrock key; absent, the cloud's usual credentials are used.",
    )
    location: Location | None = Field(
        default=None,
        description="The region at the cloud, such as `us-east5`; at Vertex AI also `global`.",
    )
    project: Text | None = Field(default=None, description="At Vertex AI, the Google Cloud project.")
    betas: tuple[Text, ...] = Field(
        default_factory=tuple, description="Beta features, sent as `anthropic-beta`."
    )
    max_output_tokens: Count | None = Field(
        default=None,
        description="The most tokens of output if neither the request nor the candidate says; this wire "
        "requires a number. Absent means 8192.",
    )
    cache_system_tokens: Count | None = Field(
        default=None,
        description="A system prompt of at least about this many tokens is put into the provider's cache; "
        "null for never.",
    )

    @classmethod
    def required(cls, kind: Kind, given: Mapping[str, object]) -> tuple[str, ...]:
        """Returns the settings without which a provider cannot work. See `ProviderSettings.required`."""
        # A cloud in place of the vendor has its own endpoint and credentials.
        return super().required(kind, given) if given.get("platform") is None else ("location",)

    @classmethod
    def takes_usual_values(cls, given: Mapping[str, object]) -> bool:
        """Whether the kind's usual values hold. See `ProviderSettings.takes_usual_values`."""
        return given.get("platform") is None and super().takes_usual_values(given)

    def is_at_vendor(self, kind: Kind) -> bool:
        """Whether requests go to Anthropic itself."""
        return self.platform is None and super().is_at_vendor(kind)


class VertexSettings(ProviderSettings):
    """A provider of the wire of Google Vertex AI."""

    project: Text | None = Field(default=None, description="The Google Cloud project.")
    location: Location | None = Field(
        default=None, description="The region, such as `us-central1`, or `global`."
    )
    endpoint: Endpoint | None = Field(
        default=None, description="The host, with or without a port, in place of the location's own."
    )
    insecure: Flag = Field(
        default=False,
        description="Whether to use neither TLS nor credentials, for tests with an `endpoint` of your own.",
    )
    credentials_file: Text | None = Field(
        default=None,
        description="The key file of a service account. Absent means the application default credentials.",
    )
    access_token: Secret | None = Field(
        default=None, description="An access token in place of other credentials. It is not renewed."
    )
    send_labels: Flag = Field(
        default=False,
        description="Whether requests carry the callers' labels (`Attribution.labels`), by which the bill of "
        "Google Cloud can be broken down.",
    )

    @classmethod
    def conflicts(cls, keys: Keys, given: Mapping[str, object]) -> Iterator[Mistake]:
        """Yields mistakes: two credentials at once, and credentials without TLS."""
        credentials = [name for name in ("credentials_file", "access_token") if given.get(name) is not None]
        if given.get("insecure") is True:
            if given.get("endpoint") is None:
                yield Mistake((*keys, "insecure"), "needs an endpoint: Google's own has TLS only")
            for name in credentials:
                yield Mistake((*keys, name), "is never sent without TLS", "remove it, or insecure")
        elif len(credentials) > 1:
            yield Mistake((*keys, credentials[1]), f"excludes {credentials[0]}", "give one of them")


class GeminiSettings(HttpSettings):
    """A provider of the wire of Gemini's developer API."""

    base_url: BaseUrl | None = Field(
        default=None, description="The endpoint, without the version. Absent means the kind's own."
    )


class JobsSettings(HttpSettings):
    """An image service that works by jobs: an image is requested, polled for and fetched."""

    result_hosts: tuple[Text, ...] = Field(
        default_factory=tuple,
        description="The hosts from which the service serves its pictures, such as `*.example.com`. Absent "
        "means its known hosts.",
    )
    poll_interval: Span | None = Field(
        default=None,
        description="The time between two polls of a job. Absent means what its service advises.",
    )


class SandboxSettings(ProviderSettings):
    """The sandbox."""

    first_token_ms: Number = Field(default=0, description="Milliseconds before the first content.")
    tokens_per_second: Number = Field(default=0, description="The pace of streams; 0 is as fast as possible.")
    seed: Annotated[int, Strict()] = Field(default=0, description="Another seed gives other answers.")


class LocalSettings(ProviderSettings):
    """This process as a provider. It has no settings of its own."""


class _WithoutKind(ProviderSettings):
    """A provider without a valid kind. Its other settings are ignored, since those it takes are unknown."""

    model_config = ConfigDict(extra="ignore")


WIRES: Mapping[str, type[ProviderSettings]] = {
    "openai": OpenAISettings,
    "anthropic": AnthropicSettings,
    "vertex": VertexSettings,
    "gemini": GeminiSettings,
    "jobs": JobsSettings,
    "sandbox": SandboxSettings,
    "local": LocalSettings,
}
"""The section of settings of each wire, in the order of the documentation."""

_NO_WIRE = ""
"""The tag of a provider without a valid kind."""


class _OfItsKind:
    """Makes pydantic validate a `ProviderSettings` as the section of its kind's wire."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Returns a tagged union of the sections of all wires. The kind determines the tag."""
        choices = {wire: handler.generate_schema(section) for wire, section in WIRES.items()}
        choices[_NO_WIRE] = handler.generate_schema(_WithoutKind)
        return core_schema.tagged_union_schema(choices, discriminator=_wire)


def _wire(given: object) -> str:
    name = given.get("kind") if isinstance(given, Mapping) else None
    if isinstance(given, ProviderSettings):
        name = given.kind
    kind = KINDS.get(name) if isinstance(name, str) else None
    return _NO_WIRE if kind is None else kind.wire


AnyProvider = Annotated[ProviderSettings, _OfItsKind()]
"""The type of a provider in the settings: the section of its kind's wire."""

_ADAPTER: TypeAdapter[ProviderSettings] = TypeAdapter(AnyProvider)


def provider_settings(**given: Any) -> ProviderSettings:
    """Returns the settings of one provider, in the section of its kind's wire.

    Raises:
        ValidationError: They are not valid.
    """
    return _ADAPTER.validate_python(given)
