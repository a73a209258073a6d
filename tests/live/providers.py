"""Tests, live: who is asked, with what, and what the environment must hold for it.

`RINGMAIN_LIVE_<NAME>_MODEL` names another model than the default, which is the smallest that has tools.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_ADC = Path("~/.config/gcloud/application_default_credentials.json")
"""https://cloud.google.com/docs/authentication/application-default-credentials#personal."""


@dataclass(frozen=True, slots=True)
class Live:
    """A real provider.

    Attributes:
        name: Of the provider in the gateway.
        kind: Its kind.
        model: Who is asked unless the environment says another.
        needs: The variables that give settings, all of them required.
        takes: The variables that give further settings.
        settings: Further settings.
        counts: Whether it counts tokens itself.
        adc: Whether it needs Google's application default credentials.
    """

    name: str
    kind: str
    model: str
    needs: Mapping[str, str]
    takes: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    counts: bool = True
    adc: bool = False

    @property
    def missing(self) -> list[str]:
        """What the environment lacks."""
        found = [name for name in self.needs if not os.environ.get(name)]
        return [*found, "application default credentials"] if self.adc and not _has_adc() else found

    @property
    def asked(self) -> str:
        """The gateway's name for the model that is asked."""
        return f"{self.name}/{os.environ.get(f'RINGMAIN_LIVE_{self.name.upper()}_MODEL') or self.model}"

    def configuration(self, **others: object) -> Mapping[str, object]:
        """A gateway over this provider alone.

        Args:
            others: Settings that win over those of the environment.
        """
        given = {**self.needs, **self.takes}
        found = {setting: os.environ[name] for name, setting in given.items() if os.environ.get(name)}
        provider = {"kind": self.kind, **self.settings, **found, **others}
        # One attempt each: a call that fails is not paid for twice.
        return {"providers": {self.name: provider}, "retry": {"attempts": 0, "rate_limit_wait": 0}}


def _has_adc() -> bool:
    path = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    return (Path(path) if path else _ADC.expanduser()).is_file()


_OPENAI = {"OPENAI_API_KEY": "api_key"}
_OPENAI_TAKES = {"OPENAI_BASE_URL": "base_url"}

PROVIDERS = (
    Live("openai", "openai", "gpt-4o-mini", _OPENAI, _OPENAI_TAKES, {"wire": "chat"}, counts=False),
    Live("responses", "openai", "gpt-4o-mini", _OPENAI, _OPENAI_TAKES, {"wire": "responses"}, counts=False),
    Live(
        "anthropic",
        "anthropic",
        "claude-haiku-4-5",
        {"ANTHROPIC_API_KEY": "api_key"},
        {"ANTHROPIC_BASE_URL": "base_url"},
    ),
    Live(
        "vertex",
        "vertex",
        "gemini-2.5-flash-lite",
        {"GOOGLE_CLOUD_PROJECT": "project"},
        {"GOOGLE_CLOUD_LOCATION": "location"},
        {"location": "us-central1"},
        adc=True,
    ),
    Live("gemini", "gemini", "gemini-2.5-flash-lite", {"GEMINI_API_KEY": "api_key"}),
)
"""Every provider that has a wire of its own."""
