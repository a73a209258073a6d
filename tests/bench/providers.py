"""Tests, benchmark: the providers that are measured, their upstreams and their targets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.answers import TOKEN_COUNT

PACED_MODEL = f"paced-{TOKEN_COUNT}-20"
PACED_SECONDS = TOKEN_COUNT * 0.02

Section = dict[str, object]


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Where the upstreams listen on loopback.

    Attributes:
        http: The port of OpenAI's and Anthropic's wires.
        grpc: The port of Vertex AI's; 0 when it was not started.
    """

    http: int
    grpc: int = 0

    @property
    def openai(self) -> str:
        """The base URL of OpenAI's wire."""
        return f"http://127.0.0.1:{self.http}/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A provider kind, measured in front of its upstream.

    Attributes:
        kind: Of the provider, and its name in the gateway's configuration.
        model: What is asked for; a model of the vendor's, so that the catalog and prices know it.
        unary: Most µs of CPU that a call may cost.
        burst: Most µs of CPU that a token in a burst may cost.
        paced: The same of a paced token, None without a target.
        section: Its settings in front of the upstreams.
    """

    kind: str
    model: str
    unary: float
    burst: float
    paced: float | None = None
    section: Callable[[Upstreams], Section]


def _openai(upstreams: Upstreams) -> Section:
    return {"base_url": upstreams.openai, "api_key": "sk-x"}


def _anthropic(upstreams: Upstreams) -> Section:
    return {"base_url": f"http://127.0.0.1:{upstreams.http}", "api_key": "sk-y"}


def _vertex(upstreams: Upstreams) -> Section:
    endpoint = f"127.0.0.1:{upstreams.grpc}"
    return {"endpoint": endpoint, "insecure": True, "project": "p", "location": "us-central1"}


OPENAI = Measured(kind="openai", model="gpt-4o-mini", unary=550, burst=22, paced=62, section=_openai)
ANTHROPIC = Measured(kind="anthropic", model="claude-sonnet-5", unary=550, burst=22, section=_anthropic)
VERTEX = Measured(kind="vertex", model="gemini-2.5-flash", unary=450, burst=65, section=_vertex)

PROVIDERS: Mapping[str, Measured] = {provider.kind: provider for provider in (OPENAI, ANTHROPIC, VERTEX)}
"""Every provider that is measured under load, by kind."""

SANDBOX_ALONE: Section = {"models": {"demo": {"candidates": ["sandbox/chat"]}}}
"""The configuration of the quick start."""

EVERY_PROVIDER: Section = {
    "providers": {
        "openai": {"kind": "openai", "api_key": "sk-x"},
        "anthropic": {"kind": "anthropic", "api_key": "sk-y"},
        # Without TLS, as in the other measurements; with it, Google's client comes on top.
        "vertex": _vertex(Upstreams(http=9, grpc=9)) | {"kind": "vertex"},
        "gemini": {"kind": "gemini", "api_key": "k"},
    },
    "models": {
        "smart": {"candidates": ["anthropic/claude-sonnet-5", "vertex/gemini-2.5-flash"]},
        "fast": {"candidates": ["openai/gpt-4o-mini", "gemini/gemini-2.5-flash", "sandbox/chat"]},
    },
}
"""A configuration with a provider of every kind. Nothing is called: the credentials are made up."""


def in_front(providers: Sequence[Measured], upstreams: Upstreams) -> Section:
    """A configuration of these providers. A model has the name that the upstream knows it by.

    The paced model is the first provider's.
    """
    pairs = [(provider.model, provider.kind) for provider in providers]
    pairs.append((PACED_MODEL, providers[0].kind))
    return {
        "providers": {
            provider.kind: provider.section(upstreams) | {"kind": provider.kind} for provider in providers
        },
        "models": {model: {"candidates": [f"{kind}/{model}"]} for model, kind in pairs},
    }
