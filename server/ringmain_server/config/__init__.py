"""Configuration: frozen settings from defaults, a file, environment and flags.

`load` merges and checks them and reports every mistake at once; nothing else reads a file or the
environment. `docs/configuration.md` is made from the settings' descriptions.
"""

from ringmain_server.config.knobs import KnobSettings
from ringmain_server.config.load import load
from ringmain_server.config.models import CandidateSettings, ModelSettings, PriceSettings
from ringmain_server.config.problems import ConfigError, Problem
from ringmain_server.config.providers import ProviderSettings, TimeoutOverrides, TimeoutSettings
from ringmain_server.config.settings import (
    IdempotencySettings,
    LogFileSettings,
    LogSettings,
    MediaSettings,
    ServerSettings,
    Settings,
)
from ringmain_server.config.show import MASK, secrets, show
from ringmain_server.config.tls import TlsSettings
from ringmain_server.config.wires import (
    AnthropicSettings,
    GeminiSettings,
    JobsSettings,
    LocalSettings,
    OpenAISettings,
    SandboxSettings,
    VertexSettings,
    provider_settings,
)

__all__ = [
    "MASK",
    "AnthropicSettings",
    "CandidateSettings",
    "ConfigError",
    "GeminiSettings",
    "IdempotencySettings",
    "JobsSettings",
    "KnobSettings",
    "LocalSettings",
    "LogFileSettings",
    "LogSettings",
    "MediaSettings",
    "ModelSettings",
    "OpenAISettings",
    "PriceSettings",
    "Problem",
    "ProviderSettings",
    "SandboxSettings",
    "ServerSettings",
    "Settings",
    "TimeoutOverrides",
    "TimeoutSettings",
    "TlsSettings",
    "VertexSettings",
    "load",
    "provider_settings",
    "secrets",
    "show",
]
