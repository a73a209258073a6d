"""Configuration, outside the rooms: frozen settings from defaults, a file, environment and flags.

`load` merges and checks them and reports every mistake at once; nothing else reads a file or the
environment. `docs/configuration.md` is made from the settings' descriptions.
"""

from ringmain_server.config.kinds import KINDS, Kind
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

__all__ = [
    "KINDS",
    "MASK",
    "CandidateSettings",
    "ConfigError",
    "IdempotencySettings",
    "Kind",
    "LogFileSettings",
    "LogSettings",
    "MediaSettings",
    "ModelSettings",
    "PriceSettings",
    "Problem",
    "ProviderSettings",
    "ServerSettings",
    "Settings",
    "TimeoutOverrides",
    "TimeoutSettings",
    "load",
    "secrets",
    "show",
]
