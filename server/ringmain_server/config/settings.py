"""Configuration: the settings, frozen and validated.

`docs/configuration.md` is made from the descriptions here and in `providers`, `wires`, `models` and
`reliability`. Strings from the environment are converted before validation (`schema.typed`), so that numbers
and booleans are strict.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    Strict,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ringmain_server.config import units
from ringmain_server.config.auth import AuthSettings, TenantSettings, keys_enabled
from ringmain_server.config.fields import (
    Address,
    Count,
    Flag,
    HostPort,
    Level,
    Section,
    Size,
    Span,
    Text,
    Wait,
    frozen,
    nothing,
)
from ringmain_server.config.models import ModelSettings
from ringmain_server.config.providers import ProviderSettings, TimeoutSettings
from ringmain_server.config.reliability import (
    BackoffSection,
    BreakerSection,
    ConcurrencySection,
    CooldownSection,
    HealthCheckSettings,
    OverloadSettings,
    RetrySettings,
)
from ringmain_server.config.storage import StorageSettings
from ringmain_server.config.tls import TlsSettings
from ringmain_server.config.wires import AnyProvider, provider_settings
from ringmain_server.kinds import KINDS

T = TypeVar("T")


def _as_for_callers(data: dict[str, Any]) -> TlsSettings | None:
    """Returns the TLS of the callers' port, which the other ports have too unless told otherwise."""
    tls: TlsSettings | None = data.get("tls")
    return tls


class ServerSettings(Section):
    """The addresses of the gateway, and its treatment of connections."""

    allow_unauthenticated: Flag = Field(
        default=False,
        description="Allow addresses that other machines can reach although callers need no "
        "credentials there: those of the API and the admin API where `auth` does not demand any, and that "
        "of the metrics always. The flag is `--allow-unauthenticated`.",
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
    health_listen: Address | None = Field(
        default=None,
        description="Where health alone is served, without TLS and to anybody, for probes that cannot use "
        "the callers' port: those of Kubernetes know neither TLS nor certificates. null turns it off.",
    )
    tls: TlsSettings | None = Field(
        default=None,
        description="TLS of `listen`. Null means none. A Unix domain socket never has any.",
    )
    admin_tls: TlsSettings | None = Field(
        default_factory=_as_for_callers,
        description="TLS of `admin_listen`; null turns it off there.",
    )
    metrics_tls: TlsSettings | None = Field(
        default_factory=_as_for_callers,
        description="TLS of `metrics_listen`; null turns it off there.",
    )
    workers: Annotated[int, Strict(), Field(ge=1, le=1024)] = Field(
        default=1,
        description="How many processes share the port, from 1 to 1024.",
    )
    max_receive_bytes: Size = Field(
        default=64 * 2**20,
        description="The largest message a caller may send.",
    )
    max_concurrent_streams: Count | None = Field(
        default=1000,
        description="The most calls in flight on one connection, beyond which callers wait. With null, no "
        "limit, one connection can flood the process with calls that it cancels.",
    )
    max_connections: Count = Field(
        default=10_000,
        description="The most connections of callers to a process; never more than half of its descriptors.",
    )
    max_connection_age: Span | None = Field(
        default=None,
        description="How old a connection may become, give or take a tenth. After that the caller makes a "
        "new one, which finds new replicas and shows its certificate again; calls in flight run to their "
        "end. Null means any age.",
    )
    default_deadline: Span = Field(
        default=600.0,
        description="The deadline of a call that comes without one.",
    )
    keepalive_time: Span = Field(
        default=60.0,
        description="How long a connection is silent before the server pings it.",
    )
    keepalive_timeout: Span = Field(
        default=20.0,
        description="How long a caller may take to answer a ping; after that its connection and calls end.",
    )
    watch_config: Flag = Field(
        default=True,
        description="Whether a change of the configuration file reloads it, as SIGHUP and `ringmain reload` "
        "always do.",
    )
    drain_delay: Wait = Field(
        default=0.0,
        description="How long to go on accepting calls after SIGTERM, so that load balancers notice "
        "that readiness ended.",
    )
    stream_grace: Wait = Field(
        default=30.0,
        description="How long calls in flight may run on after the drain delay.",
    )

    @field_validator("admin_listen", "metrics_listen", "health_listen")
    @classmethod
    def _stands_alone(cls, value: str | None, info: ValidationInfo) -> str | None:
        for other in ("listen", "admin_listen", "metrics_listen"):
            if value is not None and value == info.data.get(other) and not value.endswith(":0"):
                raise ValueError(f"is the same address as server.{other}")
        return value

    @field_validator("admin_tls")
    @classmethod
    def _is_of_use(cls, value: TlsSettings | None, info: ValidationInfo) -> TlsSettings | None:
        if value is not None and units.is_unix(info.data.get("admin_listen") or ""):
            raise ValueError("is of no use: server.admin_listen is a Unix domain socket")
        return value

    @model_validator(mode="after")
    def _uses_its_tls(self) -> Self:
        others = ((self.admin_listen, self.admin_tls), (self.metrics_listen, self.metrics_tls))
        used = any(tls == self.tls and address and not units.is_unix(address) for address, tls in others)
        if self.tls is not None and units.is_unix(self.listen) and not used:
            raise ValueError("has tls that is of no use: listen is a Unix domain socket")
        return self


class LogFileSettings(Section):
    """A log file beside the standard error stream. A plain text value is its `path`."""

    path: Text = Field(description="The file.")
    max_bytes: Size = Field(
        default=100 * 2**20,
        description="The size at which a new file is started.",
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
    """The log."""

    level: Level = Field(default="info", description="The least severe level that is logged.")
    format: Literal["auto", "console", "json"] = Field(
        default="auto",
        description="How a line looks; `auto` is `console` on a terminal and `json` otherwise.",
    )
    file: LogFileSettings | None = Field(
        default=None,
        description="A rotating file that gets the same lines as JSON; null for none.",
    )


class IdempotencySettings(Section):
    """Answers kept for requests that come again with the same `request_id`.

    They are kept in the memory of each process: a repeat that reaches another one runs again.
    """

    ttl: Span = Field(default=86400.0, description="How long an answer is kept.")
    max_entries: Count = Field(
        default=10_000,
        description="The most answers that are kept; the least recently used go first.",
    )
    max_bytes: Size = Field(default=64 * 2**20, description="The most bytes of answers that are kept.")


class MediaSettings(Section):
    """Limits on images, documents and recordings from callers."""

    fetch_hosts: tuple[Text, ...] = Field(
        default_factory=tuple,
        description="The hosts that media are fetched from by their https address, such as "
        "`images.example.com` or `*.example.com`; never at addresses that are not public. For other "
        "hosts the provider is given the address.",
    )
    max_image_bytes: Size = Field(default=32 * 2**20, description="The largest file of an image.")
    max_image_pixels: Count = Field(
        default=64_000_000, description="The most pixels of an image, width times height."
    )
    max_image_frames: Count = Field(
        default=1_000, description="The most frames of an animation, and pages of a TIFF."
    )
    max_animation_pixels: Count = Field(
        default=1_000_000_000,
        description="The most pixels of all frames of an animation together; of all pages of a TIFF, "
        "20 times as many.",
    )
    max_recording_bytes: Size = Field(
        default=25 * 2**20, description="The largest recording that is transcribed."
    )
    max_document_bytes: Size = Field(default=256 * 2**20, description="The largest document that is read.")
    max_document_pages: Count = Field(default=2000, description="The most pages of a document that is read.")
    parallel_pages: Count = Field(default=4, description="Pages of a document that are read at once.")
    threads: Annotated[int, Strict(), Field(ge=0, le=64)] = Field(
        default=0, description="Threads that work on media; 0 for half as many as there are processors."
    )
    location_allowed: Flag = Field(
        default=False, description="Whether the inspection of an image may return where it was taken."
    )


ALWAYS = tuple(kind.name for kind in KINDS.values() if kind.always)
"""Providers that exist in every configuration. The kind of each has the same name."""


def _always() -> Mapping[str, ProviderSettings]:
    return MappingProxyType({name: provider_settings(kind=name) for name in ALWAYS})


class Settings(Section):
    """The whole configuration."""

    server: ServerSettings = Field(default_factory=ServerSettings, description="The service itself.")
    log: LogSettings = Field(default_factory=LogSettings, description="Logs.")
    auth: AuthSettings = Field(default_factory=AuthSettings, description="Who may call.")
    tenants: Annotated[Mapping[str, TenantSettings], AfterValidator(frozen)] = Field(
        default_factory=nothing, description="The tenants, by the name that keys and claims have."
    )
    storage: StorageSettings = Field(default_factory=StorageSettings, description="The database.")
    timeouts: TimeoutSettings = Field(
        default_factory=TimeoutSettings, description="Timeouts of every provider."
    )
    breaker: BreakerSection = Field(
        default_factory=BreakerSection, description="Circuit breakers of every candidate."
    )
    cooldown: CooldownSection = Field(
        default_factory=CooldownSection, description="Cooldowns of every candidate."
    )
    concurrency: ConcurrencySection = Field(
        default_factory=ConcurrencySection, description="Concurrent calls of every candidate."
    )
    retry: RetrySettings = Field(default_factory=RetrySettings, description="Retries of every model.")
    backoff: BackoffSection = Field(default_factory=BackoffSection, description="The waits before retries.")
    health_checks: HealthCheckSettings = Field(
        default_factory=HealthCheckSettings,
        description="Active health checks of candidates whose breaker is open.",
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
    providers: Annotated[Mapping[str, AnyProvider], AfterValidator(frozen)] = Field(
        default_factory=_always,
        description="The providers, by name.",
    )
    models: Annotated[Mapping[str, ModelSettings], AfterValidator(frozen)] = Field(
        default_factory=nothing, description="The models, by name."
    )

    @property
    def keys_enabled(self) -> bool:
        """Whether callers may show API keys of this gateway."""
        return keys_enabled(self.auth.keys.enabled, self.auth.keys.pepper, self.storage.url)

    @property
    def auth_configured(self) -> bool:
        """Whether any method is configured by which callers may say who they are."""
        return bool(self.keys_enabled or self.auth.issuers or self.auth.certificates.rules)

    @property
    def auth_required(self) -> bool:
        """Whether callers must show credentials."""
        return self.auth_configured and self.auth.required is not False

    def timeouts_for(self, provider: str, model: str | None = None) -> TimeoutSettings:
        """Returns the timeouts of an attempt: the defaults, then the provider's, then the model's.

        Args:
            provider: A configured provider.
            model: A configured model, or None when the provider's model is addressed directly.
        """
        timeouts = self.timeouts.overridden(self.providers[provider].timeouts)
        if model is None:
            return timeouts
        return timeouts.overridden(self.models[model].timeouts)
