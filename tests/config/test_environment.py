"""Settings and providers from environment variables."""

from dataclasses import replace

import pytest
from ringmain_server.config import environment
from ringmain_server.config.problems import Place
from ringmain_server.kinds import KINDS


def values(known: dict[str, object] | None = None, **environ: str) -> dict[str, object]:
    """What `RINGMAIN_` variables set."""
    return environment.settings(environ, known or {}).values


def test_nested_names_and_types() -> None:
    """Two underscores step into a section, and text is read as the setting's type."""
    assert values(
        RINGMAIN_SERVER__WORKERS="4",
        RINGMAIN_SERVER__ALLOW_UNAUTHENTICATED="yes",
        RINGMAIN_SERVER__ADMIN_LISTEN="null",
        RINGMAIN_SERVER__METRICS_LISTEN="",
        RINGMAIN_SERVER__STREAM_GRACE="2m",
        RINGMAIN_TIMEOUTS__IDLE="1.5",
        RINGMAIN_MODELS__M__CANDIDATES='["a/b"]',
        RINGMAIN_LOG='{"level": "debug"}',
        RINGMAIN_LOG__FORMAT="json",
        HOME="/",
    ) == {
        "server": {
            "workers": 4,
            "allow_unauthenticated": True,
            "admin_listen": None,
            "metrics_listen": None,
            "stream_grace": "2m",
        },
        "timeouts": {"idle": 1.5},
        "models": {"m": {"candidates": ["a/b"]}},
        "log": {"level": "debug", "format": "json"},
    }


def test_what_does_not_fit_stays_text() -> None:
    """A value that its setting cannot be stays text, for the check that reports it."""
    assert values(
        RINGMAIN_SERVER__WORKERS="many",
        RINGMAIN_TIMEOUTS__IDLE="soon",
        RINGMAIN_MODELS="{broken",
        RINGMAIN_SERVER__ALLOW_UNAUTHENTICATED="perhaps",
        RINGMAIN_UNKNOWN="1",
        RINGMAIN_MODELS__M__CANDIDATES__0="a/b",
    ) == {
        "server": {"workers": "many", "allow_unauthenticated": "perhaps"},
        "timeouts": {"idle": "soon"},
        "models": {"m": {"candidates": {"0": "a/b"}}},
        "unknown": "1",
    }


def test_values_are_literal() -> None:
    """A dollar sign in a variable is a dollar sign."""
    assert values(RINGMAIN_PROVIDERS__UP__API_KEY="a$$b${X}") == {
        "providers": {"up": {"api_key": "a$$b${X}"}}
    }


def test_known_names_are_found() -> None:
    """Names that no variable can spell are found by their likeness to those of the file."""
    known: dict[str, object] = {"models": {"GPT-4.1": {}}, "providers": {"my-up": {}}}
    found = values(
        known, RINGMAIN_MODELS__GPT_4_1__DESCRIPTION="x", RINGMAIN_PROVIDERS__MY_UP__KIND="sandbox"
    )
    assert found == {
        "models": {"GPT-4.1": {"description": "x"}},
        "providers": {"my-up": {"kind": "sandbox"}},
    }


def test_reserved_variables_are_no_settings() -> None:
    """The file's name and what the command line reads as a client set nothing."""
    names = ("CONFIG", "TARGET", "TOKEN", "MODEL", "DEBUG")
    assert values({}, **{f"RINGMAIN_{name}": "x" for name in names}) == {}


@pytest.mark.parametrize(
    "variable",
    [
        "RINGMAIN_SERVICE_HOST",
        "RINGMAIN_SERVICE_PORT",
        "RINGMAIN_SERVICE_PORT_GRPC",
        "RINGMAIN_PORT",
        "RINGMAIN_PORT_50051_TCP",
        "RINGMAIN_PORT_50051_TCP_ADDR",
        "RINGMAIN_ADMIN_SERVICE_HOST",
        "RINGMAIN_ADMIN_PORT_50052_TCP_PROTO",
    ],
)
def test_service_links_are_no_settings(variable: str) -> None:
    """The variables that Kubernetes makes for Services set nothing."""
    assert environment.settings({variable: "tcp://10.0.0.1:50051"}, {}).values == {}


def test_places() -> None:
    """A value from the environment was written in its variable."""
    source = environment.settings({"RINGMAIN_LOG": "{}", "RINGMAIN_LOG__LEVEL": "x"}, {})
    assert source.place(("log", "level")) == Place("RINGMAIN_LOG__LEVEL")
    assert source.place(("log", "format")) == Place("RINGMAIN_LOG")
    assert source.place(("server",)) == Place("environment")


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.values() if kind.triggers])
def test_discovery(kind: str) -> None:
    """A kind whose usual variables are all set has a provider of its name, and no other has."""
    environ = {KINDS[kind].environment[setting]: "x" for setting in KINDS[kind].triggers}
    assert environment.discovered(environ).values == {"providers": {kind: {"kind": kind}}}
    first = next(iter(environ))
    assert environment.discovered({**environ, first: ""}).values == {"providers": {}}


def test_discovery_by_a_second_variable() -> None:
    """A kind's second variable brings a provider, too, and the first one wins."""
    both = {"GEMINI_API_KEY": "first", "GOOGLE_API_KEY": "second"}
    for environ, key in (({"GOOGLE_API_KEY": "second"}, "second"), (both, "first")):
        assert environment.discovered(environ).values == {"providers": {"gemini": {"kind": "gemini"}}}
        source = environment.usual(environ, {"gemini": {"kind": "gemini"}})
        url = "https://generativelanguage.googleapis.com"
        assert source.values == {"providers": {"gemini": {"base_url": url, "api_key": key}}}


def test_discovery_needs_every_trigger() -> None:
    """Vertex AI wants a project and a location, and only both bring a provider."""
    environ = {"GOOGLE_CLOUD_PROJECT": "p"}
    assert environment.discovered(environ).values == {"providers": {}}
    found = environment.discovered({**environ, "GOOGLE_CLOUD_LOCATION": "global"}).values
    assert found == {"providers": {"vertex": {"kind": "vertex"}}}


def test_usual_values_fill_gaps() -> None:
    """A provider at its kind's own endpoint takes the usual variables."""
    environ = {"OPENAI_API_KEY": "k", "OPENAI_ORG_ID": "o", "OPENAI_BASE_URL": ""}
    source = environment.usual(environ, {"a": {"kind": "openai"}})
    assert source.values == {
        "providers": {"a": {"base_url": "https://api.openai.com/v1", "api_key": "k", "organization": "o"}}
    }
    assert source.place(("providers", "a", "api_key")) == Place("OPENAI_API_KEY")


def test_usual_keys_stay_at_home() -> None:
    """A provider with a base_url of its own never gets the usual key."""
    providers = {"a": {"kind": "openai", "base_url": "http://elsewhere/v1"}}
    assert environment.usual({"OPENAI_API_KEY": "k"}, providers).values == {"providers": {}}


def test_usual_values_need_a_kind() -> None:
    """Providers without a kind that there is get nothing."""
    providers = {"a": {"kind": "nope"}, "b": 3, "c": {}}
    assert environment.usual({"GEMINI_API_KEY": "k"}, providers).values == {"providers": {}}


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080/v1"),
        (":8080", "http://127.0.0.1:8080/v1"),
        ("box:8080/", "http://box:8080/v1"),
        ("http://box", "http://box:80/v1"),
        ("https://ollama.example.org", "https://ollama.example.org:443/v1"),
        ("https://example.org/ollama/v1", "https://example.org:443/ollama/v1"),
        ("[::]", "http://[::1]:11434/v1"),
        ("[::1]:8080", "http://[::1]:8080/v1"),
    ],
)
def test_ollama_host(host: str, url: str) -> None:
    """OLLAMA_HOST is read in every form that Ollama takes."""
    found = environment.usual({"OLLAMA_HOST": host}, {"o": {"kind": "ollama"}})
    assert found.values == {"providers": {"o": {"base_url": url}}}


def test_wrong_ollama_host() -> None:
    """An OLLAMA_HOST that makes no sense is passed on for the check that reports it."""
    found = environment.usual({"OLLAMA_HOST": "box:port"}, {"o": {"kind": "ollama"}})
    assert found.values == {"providers": {"o": {"base_url": "box:port"}}}


def test_a_cloud_gets_no_key_of_the_vendor() -> None:
    """Claude at another cloud takes neither the vendor's key nor its endpoint from the environment."""
    providers = {"a": {"kind": "anthropic", "platform": "vertex"}}
    assert environment.usual({"ANTHROPIC_API_KEY": "k"}, providers).values == {"providers": {}}


def test_a_provider_whose_extra_is_missing_is_left_out() -> None:
    """Without its extra a provider of the environment is left out and named, and the others serve."""
    kinds = {**KINDS, "groq": replace(KINDS["groq"], module="no_such_module.anywhere")}
    environ = {"GROQ_API_KEY": "gsk-0123456789", "OPENAI_API_KEY": "sk-0123456789"}
    assert environment.discovered(environ, kinds).values == {"providers": {"openai": {"kind": "openai"}}}
    assert [kind.name for kind in environment.left_out(environ, kinds)] == ["groq"]
