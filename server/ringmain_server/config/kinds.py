"""Configuration, outside the rooms: the table of provider kinds, the one place that lists them.

A kind is a wire with its usual endpoint and the environment variables by which its vendor's own
tools take credentials. Presets are kinds of the OpenAI wire under a vendor's name.
"""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field

# Settings that every kind takes, and those of each wire that is built.
_COMMON = frozenset({"kind", "timeouts", "breaker", "cooldown", "concurrency"})
_OPENAI = _COMMON | {
    "base_url",
    "api_key",
    "organization",
    "project",
    "api_version",
    "wire",
    "headers",
    "connection_limit",
}
_ANTHROPIC = _COMMON | {
    "base_url",
    "api_key",
    "project",
    "headers",
    "platform",
    "location",
    "betas",
    "max_output_tokens",
    "cache_system_tokens",
}
_VERTEX = _COMMON | {"project", "location", "endpoint", "insecure", "credentials_file", "access_token"}
_GEMINI = _COMMON | {"base_url", "api_key", "headers"}
_JOBS = _COMMON | {"base_url", "api_key", "headers", "result_hosts", "poll_interval"}
_SANDBOX = _COMMON | {"first_token_ms", "tokens_per_second", "seed"}
_WIRES: dict[str, frozenset[str]] = {
    "openai": _OPENAI,
    "anthropic": _ANTHROPIC,
    "vertex": _VERTEX,
    "gemini": _GEMINI,
    "jobs": _JOBS,
    "sandbox": _SANDBOX,
    "local": _COMMON,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A provider kind.

    Attributes:
        name: What `kind` says in the configuration.
        title: The vendor's or program's name, for people.
        wire: The translator it uses.
        base_url: Its usual endpoint, None when it has none or everybody has their own.
        required: Settings without which it cannot work.
        environment: The environment variable that gives each setting when the file does not.
        also: A second variable for some of them, read when the first is not set.
        triggers: Settings whose variables must all be set for a provider of this kind to exist
            without a configuration file. Empty means never.
        extra: The extra of the distribution that it needs, None for none.
        module: What that extra brings.
        works: Whether it works on media in this process, and so needs the room for that.
    """

    name: str
    title: str
    wire: str
    base_url: str | None = None
    required: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    triggers: tuple[str, ...] = ()
    extra: str | None = None
    module: str = ""
    works: bool = False

    @property
    def installed(self) -> bool:
        """Whether its extra is installed."""
        try:
            return not self.module or importlib.util.find_spec(self.module) is not None
        except ModuleNotFoundError:  # not even the package around it
            return False

    @property
    def settings(self) -> frozenset[str]:
        """The names of the settings that a provider of this kind takes."""
        return _WIRES.get(self.wire, _COMMON)

    def variable(self, setting: str, environ: Mapping[str, str]) -> str:
        """The environment variable that gives a setting."""
        first = self.environment[setting]
        second = self.also.get(setting, first)
        return first if environ.get(first) else second if environ.get(second) else first


def _hosted(name: str, title: str, base_url: str) -> Kind:
    """A vendor of the OpenAI wire, reached by key."""
    return Kind(
        name,
        title,
        wire="openai",
        base_url=base_url,
        required=("base_url", "api_key"),
        environment={"api_key": f"{name.upper()}_API_KEY"},
        triggers=("api_key",),
        extra="openai",
        module="openai",
    )


def _own(name: str, title: str, base_url: str, *, url: str, key: str) -> Kind:
    """A server of the OpenAI wire that its user runs, usually without a key."""
    return Kind(
        name,
        title,
        wire="openai",
        base_url=base_url,
        required=("base_url",),
        environment={"base_url": url, "api_key": key},
        triggers=("base_url",),
        extra="openai",
        module="openai",
    )


def _drawing(name: str, title: str, base_url: str, key: str) -> Kind:
    """A service of images with a wire of its own, reached by key."""
    return Kind(
        name,
        title,
        wire="jobs",
        base_url=base_url,
        required=("base_url", "api_key"),
        environment={"api_key": key},
        triggers=("api_key",),
    )


_ALL = (
    Kind("sandbox", "Sandbox, answers without a network", wire="sandbox", works=True),
    Kind("local", "This process itself: enlarges images", wire="local", works=True),
    Kind(
        "openai",
        "OpenAI, and any server of its wire",
        wire="openai",
        base_url="https://api.openai.com/v1",
        required=("base_url", "api_key"),
        environment={
            "api_key": "OPENAI_API_KEY",
            "base_url": "OPENAI_BASE_URL",
            "organization": "OPENAI_ORG_ID",
            "project": "OPENAI_PROJECT_ID",
        },
        triggers=("api_key",),
        extra="openai",
        module="openai",
    ),
    # The three variables are those that the official SDK's Azure client reads.
    Kind(
        "azure",
        "Azure OpenAI",
        wire="openai",
        required=("base_url", "api_key"),
        environment={
            "api_key": "AZURE_OPENAI_API_KEY",
            "base_url": "AZURE_OPENAI_ENDPOINT",
            "api_version": "OPENAI_API_VERSION",
        },
        triggers=("api_key", "base_url"),
        extra="openai",
        module="openai",
    ),
    _own(
        "ollama",
        "Ollama",
        "http://127.0.0.1:11434/v1",
        url="OLLAMA_HOST",
        key="OLLAMA_API_KEY",
    ),
    _own(
        "vllm",
        "vLLM",
        "http://127.0.0.1:8000/v1",
        url="VLLM_BASE_URL",
        key="VLLM_API_KEY",
    ),
    _own(
        "llamacpp",
        "llama.cpp server",
        "http://127.0.0.1:8080/v1",
        url="LLAMACPP_BASE_URL",
        key="LLAMA_API_KEY",
    ),
    _hosted("groq", "Groq", "https://api.groq.com/openai/v1"),
    _hosted("mistral", "Mistral AI", "https://api.mistral.ai/v1"),
    _hosted("deepseek", "DeepSeek", "https://api.deepseek.com"),
    _hosted("xai", "xAI", "https://api.x.ai/v1"),
    _hosted("openrouter", "OpenRouter", "https://openrouter.ai/api/v1"),
    _hosted("together", "Together AI", "https://api.together.ai/v1"),
    _hosted("venice", "Venice", "https://api.venice.ai/api/v1"),
    Kind(
        "anthropic",
        "Anthropic; also Claude on Vertex AI and Bedrock",
        wire="anthropic",
        base_url="https://api.anthropic.com",
        required=("base_url", "api_key"),
        environment={"api_key": "ANTHROPIC_API_KEY", "base_url": "ANTHROPIC_BASE_URL"},
        triggers=("api_key",),
        extra="anthropic",
        module="anthropic",
    ),
    # The variables are those that Google's own client reads.
    Kind(
        "vertex",
        "Gemini on Google Vertex AI",
        wire="vertex",
        required=("project", "location"),
        environment={"project": "GOOGLE_CLOUD_PROJECT", "location": "GOOGLE_CLOUD_LOCATION"},
        triggers=("project", "location"),
        extra="vertex",
        module="google.cloud.aiplatform_v1",
    ),
    Kind(
        "gemini",
        "Gemini developer API",
        wire="gemini",
        base_url="https://generativelanguage.googleapis.com",
        required=("base_url", "api_key"),
        environment={"api_key": "GEMINI_API_KEY"},
        also={"api_key": "GOOGLE_API_KEY"},
        triggers=("api_key",),
        extra="vertex",
        module="google.cloud.aiplatform_v1",
    ),
    _drawing(
        "stability", "Stability AI", "https://api.stability.ai/v2beta/stable-image", "STABILITY_API_KEY"
    ),
    _drawing("replicate", "Replicate", "https://api.replicate.com/v1", "REPLICATE_API_TOKEN"),
    _drawing("leonardo", "Leonardo.Ai", "https://cloud.leonardo.ai/api/rest/v1", "LEONARDO_API_KEY"),
    _drawing("runway", "Runway", "https://api.dev.runwayml.com/v1", "RUNWAYML_API_SECRET"),
    _drawing("luma", "Luma", "https://api.lumalabs.ai/dream-machine/v1", "LUMAAI_API_KEY"),
    _drawing("fal", "fal", "https://queue.fal.run", "FAL_KEY"),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
"""Every provider kind by name, in the order of the documentation."""
