"""The row of a provider kind: everything that differs from kind to kind and is no code."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shelf:
    """The part of the model catalog that holds for a provider kind.

    Attributes:
        families: Data files of the catalog, without their suffix. The first that knows a model wins. Knobs
            are those of the first file alone.
        lists: Whether the kind serves the listed models of its first file to everybody who has a key.
        limits: Whether the files' token limits hold there. They do not where an operator or a host sets them.
        responses: Whether the kind has OpenAI's Responses API.
        adds: Capabilities that the kind gives to every model that chats, by their lower-case names.
    """

    families: tuple[str, ...]
    lists: bool = False
    limits: bool = True
    responses: bool = False
    adds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A provider kind.

    Attributes:
        name: The value of `kind` in the configuration.
        title: The name of the vendor or program, for people.
        wire: The folder of `providers/` that speaks its protocol.
        base_url: Its usual endpoint. None when it has none, or when every account has its own.
        required: Settings without which a provider of this kind cannot work.
        environment: The environment variable that gives each setting when the file does not.
        also: A second variable for some settings, read when the first is not set.
        triggers: Settings whose variables must all be set for a provider of this kind to exist
            without a configuration file. Empty for a kind that never exists that way.
        bare_host: Whether its variable of `base_url` may lack the scheme, the port and the path, as
            `OLLAMA_HOST` may.
        always: Whether a provider of this kind, under the kind's name, exists in every configuration.
        extra: The extra of the distribution that it needs. None when it needs none.
        module: A module that the extra installs, by which its presence is tested.
        works_on_media: Whether it draws or transforms media in this process and so needs its workers.
        shelf: Its part of the model catalog. None when nothing is known of its models.
        prices: The name under which `genai-prices` lists its prices. Empty when they are unknown.
        media_prices: The name under which `catalog/data/media_prices.toml` lists its prices, if that
            is another one.
        free: Whether it is known to cost nothing.
    """

    name: str
    title: str
    wire: str
    base_url: str | None = None
    required: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    triggers: tuple[str, ...] = ()
    bare_host: bool = False
    always: bool = False
    extra: str | None = None
    module: str = ""
    works_on_media: bool = False
    shelf: Shelf | None = None
    prices: str = ""
    media_prices: str = ""
    free: bool = False

    @property
    def installed(self) -> bool:
        """Whether the extra of this kind is installed."""
        try:
            return not self.module or importlib.util.find_spec(self.module) is not None
        except ModuleNotFoundError:  # the package around the module is missing too
            return False

    def variable(self, setting: str, environ: Mapping[str, str]) -> str:
        """Returns the name of the environment variable that gives a setting.

        Args:
            setting: A key of `environment`.
            environ: The environment. The second variable is returned only where it alone is set.
        """
        first = self.environment[setting]
        second = self.also.get(setting, first)
        return first if environ.get(first) else second if environ.get(second) else first
