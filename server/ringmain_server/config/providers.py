"""Configuration, outside the rooms: the settings that every provider has, whatever its wire."""

from collections.abc import Iterator, Mapping
from typing import Self

from pydantic import Field

from ringmain_server.config.fields import Section, Span
from ringmain_server.config.problems import Keys, Mistake
from ringmain_server.config.reliability import (
    BreakerSection,
    ConcurrencySection,
    CooldownSection,
)
from ringmain_server.kinds import Kind


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
        """Returns these timeouts with those of `by` in their place, where it has any."""
        return self.model_copy(update=by.model_dump(exclude_none=True))


class ProviderSettings(Section):
    """A provider: an account at an upstream, under a name of your choice.

    The name is lower case letters, digits and `._-`. Beside these settings, a provider takes those of its
    kind's wire, which are listed below; the [table of kinds](#provider-kinds) names the wire of each.
    """

    kind: str = Field(description="The provider kind, from the table of kinds.")
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
            kind: Its kind.
            given: Its settings, of which nothing is checked yet.
        """
        return kind.required

    @classmethod
    def takes_usual_values(cls, given: Mapping[str, object]) -> bool:  # noqa: ARG003, a wire may need it
        """Whether the kind's usual endpoint and variables hold for a provider, whose key goes nowhere else.

        Args:
            given: Its settings, of which nothing is checked yet.
        """
        return True

    @classmethod
    def conflicts(cls, keys: Keys, given: Mapping[str, object]) -> Iterator[Mistake]:  # noqa: ARG003, a wire may need it
        """Yields the mistakes that two settings make together.

        Args:
            keys: Where the provider is in the configuration.
            given: Its settings, of which nothing is checked yet.
        """
        yield from ()

    def is_at_vendor(self, kind: Kind) -> bool:
        """Whether requests go to the vendor's own endpoint. Others may serve other models."""
        return True
