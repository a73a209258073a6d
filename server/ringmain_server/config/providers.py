"""Configuration: the settings that every provider has, whatever its wire."""

from collections.abc import Iterator, Mapping
from typing import Self

from pydantic import Field

from ringmain_server.config.fields import Secret, Section, Span
from ringmain_server.config.problems import Keys, Mistake
from ringmain_server.config.reliability import (
    BreakerSection,
    ConcurrencySection,
    CooldownSection,
)
from ringmain_server.kinds import Kind


class TimeoutOverrides(Section):
    """Timeouts that differ from those of the next outer section. Absent ones are as there."""

    connect: Span | None = Field(default=None, description="The longest wait for a connection.")
    attempt: Span | None = Field(default=None, description="The longest whole answer.")
    first_content: Span | None = Field(
        default=None, description="The longest wait for a stream's first content."
    )
    idle: Span | None = Field(
        default=None, description="The longest silence between two contents of a stream."
    )


class TimeoutSettings(Section):
    """Limits on the duration of one attempt at a provider. Providers and models may have their own."""

    connect: Span = Field(default=5.0, description="The longest wait for a connection.")
    attempt: Span = Field(default=300.0, description="The longest whole answer, from the request to its end.")
    first_content: Span = Field(default=60.0, description="The longest wait for a stream's first content.")
    idle: Span = Field(default=60.0, description="The longest silence between two contents of a stream.")

    def overridden(self, by: TimeoutOverrides) -> Self:
        """Returns these timeouts with those of `by` in their place, where it has any."""
        return self.model_copy(update=by.model_dump(exclude_none=True))


class ProviderSettings(Section):
    """A provider: an account at an upstream, under a name of your choice.

    The name is lower case letters, digits and `._-`. Beside these settings, a provider takes those of its
    kind's wire, which are listed below; the [table of kinds](#provider-kinds) names the wire of each.
    """

    kind: str = Field(description="The provider kind, from the table of kinds.")
    user_id_key: Secret | None = Field(
        default=None,
        description="The secret with which callers' user ids (`Attribution.user_id`) are hashed for this "
        "provider. Absent means that the provider is not told who the end user is. Every replica needs the "
        "same.",
    )
    timeouts: TimeoutOverrides = Field(
        default_factory=TimeoutOverrides,
        description="Timeouts of this provider, where they differ from `timeouts`.",
    )
    breaker: BreakerSection = Field(
        default=BreakerSection(),
        description="The breakers of this provider's models, where they differ from `breaker`.",
    )
    cooldown: CooldownSection = Field(
        default=CooldownSection(),
        description="Cooldowns of this provider's models, where they differ from `cooldown`.",
    )
    concurrency: ConcurrencySection = Field(
        default=ConcurrencySection(),
        description="Limits of this provider's models, where they differ from `concurrency`.",
    )

    @classmethod
    def required(cls, kind: Kind, given: Mapping[str, object]) -> tuple[str, ...]:  # noqa: ARG003, a wire may need it
        """Returns the settings without which a provider cannot work.

        Args:
            kind: The provider's kind.
            given: The provider's settings, not checked yet.
        """
        return kind.required

    @classmethod
    def takes_usual_values(cls, given: Mapping[str, object]) -> bool:  # noqa: ARG003, a wire may need it
        """Whether a provider uses the usual endpoint and variables of its kind.

        A usual key is sent to the usual endpoint only.

        Args:
            given: The provider's settings, not checked yet.
        """
        return True

    @classmethod
    def conflicts(cls, keys: Keys, given: Mapping[str, object]) -> Iterator[Mistake]:  # noqa: ARG003, a wire may need it
        """Yields the mistakes in how two settings are combined.

        Args:
            keys: The path of the provider.
            given: The provider's settings, not checked yet.
        """
        yield from ()

    def is_at_vendor(self, kind: Kind) -> bool:
        """Whether requests go to the vendor's own endpoint. Other endpoints may serve other models."""
        return True
