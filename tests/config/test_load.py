"""Loading: what wins, what is filled in, and every mistake at once."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ringmain_server.config import ConfigError, SandboxSettings, Settings, TimeoutSettings, load
from ringmain_server.config.reference import EXAMPLE, LARGER_EXAMPLE
from ringmain_server.config.wires import HttpSettings

TOML_EXAMPLE = """\
[server]
listen = "127.0.0.1:50051"
admin_listen = "127.0.0.1:50052"
metrics_listen = "127.0.0.1:9464"
[providers.up]
kind = "openai"
base_url = "http://127.0.0.1:9801/v1"
api_key = "sk-x"
[models]
bench = {candidates = ["up/gpt-4o-mini"]}
demo = {candidates = ["sandbox/chat"]}
"""


def write(folder: Path, text: str, name: str = "r.yaml") -> str:
    """Writes a file and gives its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def mistakes(
    folder: Path, text: str, environ: dict[str, str] | None = None, **overrides: object
) -> list[str]:
    """The lines of the mistakes in a file, without its name."""
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(path, environ=environ or {}, overrides=overrides)
    return [str(problem).removeprefix(path + ":") for problem in caught.value.problems]


def over_http(loaded: Settings, name: str) -> HttpSettings:
    """The settings of a provider that is reached over HTTP."""
    found = loaded.providers[name]
    assert isinstance(found, HttpSettings)
    return found


def test_the_example_in_every_format(tmp_path: Path) -> None:
    """The example file loads as it stands, and means the same as JSON and TOML."""
    loaded = load(write(tmp_path, EXAMPLE), environ={})
    tree = tomllib.loads(TOML_EXAMPLE)
    assert loaded == load(write(tmp_path, TOML_EXAMPLE, "r.toml"), environ={})
    assert loaded == load(write(tmp_path, json.dumps(tree), "r.json"), environ={})
    assert loaded.server.metrics_listen == "127.0.0.1:9464"
    assert list(loaded.providers) == ["sandbox", "local", "up"]
    assert loaded.models["bench"].candidates[0].model == "gpt-4o-mini"


def test_the_larger_example(tmp_path: Path) -> None:
    """The larger example loads once its variables are set."""
    loaded = load(write(tmp_path, LARGER_EXAMPLE), environ={"OPENAI_API_KEY": "sk-1"})
    assert over_http(loaded, "house").base_url == "http://127.0.0.1:8000/v1"
    assert loaded.timeouts_for("house", "smart") == TimeoutSettings(first_content=20, attempt=600)


def test_nothing_at_all() -> None:
    """Without file and environment there is the sandbox, as in settings made by hand."""
    assert load(environ={}) == Settings()


def test_without_a_file_the_environment_brings_providers() -> None:
    """Without a file there is a provider for each kind whose usual variables are set."""
    loaded = load(environ={"OPENAI_API_KEY": "sk-1", "GROQ_API_KEY": "g", "AZURE_OPENAI_API_KEY": "a"})
    assert list(loaded.providers) == ["sandbox", "local", "openai", "groq"]
    groq = over_http(loaded, "groq")
    assert groq.base_url == "https://api.groq.com/openai/v1"
    assert groq.api_key is not None
    assert groq.api_key.get_secret_value() == "g"


def test_with_a_file_the_environment_brings_none(tmp_path: Path) -> None:
    """A file says itself which providers there are, besides the sandbox."""
    loaded = load(write(tmp_path, "server: {workers: 2}"), environ={"OPENAI_API_KEY": "sk-1"})
    assert list(loaded.providers) == ["sandbox", "local"]


def test_a_file_may_define_the_sandbox(tmp_path: Path) -> None:
    """The sandbox can be set in a file, with or without its kind."""
    loaded = load(write(tmp_path, "providers: {sandbox: {seed: 7}}"), environ={})
    sandbox = loaded.providers["sandbox"]
    assert isinstance(sandbox, SandboxSettings)
    assert sandbox.seed == 7
    text = "providers: {sandbox: {kind: openai, base_url: http://x}}"
    assert load(write(tmp_path, text), environ={}).providers["sandbox"].kind == "openai"


def test_later_wins(tmp_path: Path) -> None:
    """A flag wins over the environment, that over the file, and that over the defaults."""
    path = write(tmp_path, "server: {listen: '127.0.0.1:1', workers: 2, default_deadline: 1m}")
    environ = {"RINGMAIN_SERVER__WORKERS": "3", "RINGMAIN_SERVER__LISTEN": "127.0.0.1:2"}
    flags = {"server.listen": "127.0.0.1:3", "log": {"level": "error"}, "server.stream_grace": 5}
    loaded = load(path, environ=environ, overrides=flags)
    assert (loaded.server.listen, loaded.server.workers) == ("127.0.0.1:3", 3)
    assert (loaded.server.default_deadline, loaded.server.stream_grace) == (60, 5)
    assert loaded.server.admin_listen == "127.0.0.1:50052"
    assert loaded.log.level == "error"


def test_flags_are_read_like_the_environment() -> None:
    """Text from a flag is read as the type of its setting, and null is a value."""
    loaded = load(environ={}, overrides={"server.workers": "2", "server.admin_listen": None})
    assert (loaded.server.workers, loaded.server.admin_listen) == (2, None)


def test_file_named_by_the_environment(tmp_path: Path) -> None:
    """RINGMAIN_CONFIG names the file, and a path that is given wins over it."""
    one, two = write(tmp_path, "log: {level: debug}", "1"), write(tmp_path, "log: {level: error}", "2")
    assert load(environ={"RINGMAIN_CONFIG": one}).log.level == "debug"
    assert load(two, environ={"RINGMAIN_CONFIG": one}).log.level == "error"
    assert load(environ={"RINGMAIN_CONFIG": ""}).log.level == "info"


def test_sections_with_a_name_only(tmp_path: Path) -> None:
    """A section of which all is a comment counts as absent, and null elsewhere is kept."""
    text = "server:\nlog:\nmodels:\nproviders:\n  up:\n    kind: sandbox\n    timeouts:\n"
    assert load(write(tmp_path, text), environ={}).providers["up"].timeouts.idle is None
    text = "server:\n  admin_listen:\n"
    assert load(write(tmp_path, text), environ={}).server.admin_listen is None


def test_every_mistake_at_once(tmp_path: Path) -> None:
    """Every mistake of a file is reported with line, path and what would be right."""
    text = """\
server:
  lisen: 127.0.0.1:50051
  listen: 0.0.0.0:50051
  workers: "4"
  stream_grace: soon
providers:
  Up: {kind: opnai, api_key: sk-secret}
  later: {kind: local, endpoint: x}
  g: {kind: groq}
  box: {kind: sandbox, base_url: http://x}
  k: {kind: openai, base_url: "http://u:sk-secret@x", api_key: 4444, apikey: sk-secret}
  none: {seed: 1}
models:
  demo: {candidates: [upp/x, later/y, {provider: nope, model: x}, plain, /z]}
  none: {candidates: []}
  a/b:
    candidates: sandbox/chat
    price: 3
"""
    assert mistakes(tmp_path, text) == [
        "2: server.lisen: unknown key (did you mean listen?)",
        (
            "3: server.listen: listens on loopback only, such as 127.0.0.1, because callers need no"
            " credentials; --allow-unauthenticated (server.allow_unauthenticated) allows other addresses"
        ),
        "4: server.workers: must be a whole number",
        "5: server.stream_grace: must be a duration, such as 30, 500ms, 30s, 2m or 1h",
        "7: providers.Up: is no provider name: use lower case letters, digits, '.', '_' and '-'",
        "7: providers.Up.kind: is no provider kind (did you mean openai?)",
        (
            "8: providers.later.endpoint: is no setting of kind local"
            " (known: breaker, concurrency, cooldown, kind, timeouts, user_id_key)"
        ),
        (
            "9: providers.g.api_key: is required by kind groq"
            " (set api_key, or the environment variable GROQ_API_KEY)"
        ),
        (
            "10: providers.box.base_url: is no setting of kind sandbox"
            " (known: breaker, concurrency, cooldown, first_token_ms, kind, seed, timeouts,"
            " tokens_per_second, user_id_key)"
        ),
        "11: providers.k.base_url: must be scheme, host and path only: keys belong in api_key or headers",
        "11: providers.k.api_key: must be text (put it in quotes)",
        "11: providers.k.apikey: unknown key (did you mean api_key?)",
        "12: providers.none.kind: is required",
        (
            "14: models.demo.candidates[0]: provider upp is not configured"
            " (known: Up, box, g, k, later, local, none, sandbox)"
        ),
        "14: models.demo.candidates[2].provider: provider nope is not configured (did you mean none?)",
        "14: models.demo.candidates[3]: must be provider/model, such as openai/gpt-4o-mini",
        "14: models.demo.candidates[4]: must be provider/model, such as openai/gpt-4o-mini",
        "15: models.none.candidates: must not be empty",
        (
            "16: models.a/b: is no model name: it must not be empty or hold a slash"
            " (provider/model addresses a provider's model without any configuration)"
        ),
        "17: models.a/b.candidates: must be a list",
        (
            "18: models.a/b.price: unknown key (known: breaker, candidates, description, failover_on, hedge,"
            " max_hops, on_cancel, on_exhausted, replaced_by, retry, strategy, stream_recovery, timeouts)"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("providers: [x]", "1: providers: must be a mapping"),
        (
            "providers: {g: {kind: vertex, location: us-central1}}",
            (
                "1: providers.g.project: is required by kind vertex"
                " (set project, or the environment variable GOOGLE_CLOUD_PROJECT)"
            ),
        ),
        (
            "providers: {g: {kind: vertex, project: p, location: 'US 1'}}",
            "1: providers.g.location: must be lower case letters, digits and '-'",
        ),
        (
            "providers: {g: {kind: vertex, project: p, location: global, endpoint: 'http://x'}}",
            "1: providers.g.endpoint: must be a host, or host:port, without a scheme",
        ),
        (
            "providers: {g: {kind: vertex, project: p, location: global, insecure: true}}",
            "1: providers.g.insecure: needs an endpoint: Google's own has TLS only",
        ),
        (
            "providers: {g: {kind: vertex, project: p, location: l, endpoint: e, insecure: true, access_token: t}}",  # noqa: E501
            "1: providers.g.access_token: is never sent without TLS (remove it, or insecure)",
        ),
        (
            "providers: {g: {kind: vertex, project: p, location: l, credentials_file: f, access_token: t}}",
            "1: providers.g.access_token: excludes credentials_file (give one of them)",
        ),
        ("providers: {a: x}", "1: providers.a: must be a mapping"),
        ("providers: {a: {kind: 3}}", "1: providers.a.kind: must be text (put it in quotes)"),
        ("models: x", "1: models: must be a mapping"),
        ("models: {a: x}", "1: models.a: must be a mapping"),
        ("models: {a: {}}", "1: models.a.candidates: is required"),
        ("models: {a: {candidates: [3]}}", "1: models.a.candidates[0]: must be a mapping"),
        ("server: {listen: }", "1: server.listen: must be text (put it in quotes)"),
        ("server: {workers: 0}", "1: server.workers: must be at least 1"),
        ("timeouts: {idle: 0}", "1: timeouts.idle: must be more than 0"),
        ("timeouts: {idle: .inf}", "1: timeouts.idle: must be a finite number"),
        ("server: {max_receive_bytes: 4GiB}", "1: server.max_receive_bytes: must be at most 2147483647"),
        ("server: {allow_unauthenticated: yes}", "1: server.allow_unauthenticated: must be true or false"),
        ("providers: {sandbox: {seed: x}}", "1: providers.sandbox.seed: must be a whole number"),
        ("providers: {sandbox: {first_token_ms: x}}",
         "1: providers.sandbox.first_token_ms: must be a number"),
        ("providers: {a: {kind: azure, api_key: x}}", ("1: providers.a.base_url: is required by kind azure"
         " (set base_url, or the environment variable AZURE_OPENAI_ENDPOINT)")),
        ("models: {a: {candidates: [sandbox/chat], on_exhausted: {fallback: nobody}}}",
         "1: models.a.on_exhausted.fallback: model nobody is not configured (known: a)"),
        ("models: {a: {candidates: [sandbox/chat], on_exhausted: {fallback: a}}}",
         ("1: models.a.on_exhausted.fallback: leads back to this model:"
          " fallbacks must not form a circle")),
        ("models: {a: {candidates: [{provider: sandbox, model: x, retire_date: 2027-3-31}]}}",
         "1: models.a.candidates[0].retire_date: must be a date such as 2027-03-31"),
        ("models: {a: {candidates: [{provider: sandbox, model: x, retire_date: 20270331}]}}",
         "1: models.a.candidates[0].retire_date: must be text (put it in quotes)"),
        ("models: {a: {candidates: [{provider: sandbox, model: x, retire_date: 2027-W13-3}]}}",
         "1: models.a.candidates[0].retire_date: must be a date such as 2027-03-31"),
        ("models: {a: {candidates: [{provider: sandbox, model: x, replaced_by: ''}]}}",
         "1: models.a.candidates[0].replaced_by: must not be empty"),
        ("models: {ab: {candidates: [sandbox/chat], replaced_by: ac}}",
         "1: models.ab.replaced_by: model ac is not configured (known: ab)"),
        ("models: {a: {candidates: [sandbox/chat], replaced_by: a}}",
         "1: models.a.replaced_by: is this model itself"),
        ("models: {a: {candidates: [sandbox/chat], replaced_by: sandbx/chat}}",
         "1: models.a.replaced_by: provider sandbx is not configured (did you mean sandbox?)"),
        ("log: {format: xml}", "1: log.format: must be one of 'auto', 'console' or 'json'"),
        ("log: {file: ''}", "1: log.file.path: must not be empty"),
        ("server_listen: x", ("1: server_listen: unknown key"
         " (did you mean server.listen? Its variable is RINGMAIN_SERVER__LISTEN)")),
        (("models: {a: {candidates: [{provider: sandbox, model: x, price: {input_per_mtok: a,"
         " output_per_mtok: 1}}]}}"), "1: models.a.candidates[0].price.input_per_mtok: must be a number"),
        ("models: {a: {candidates: [{provider: sandbox, model: x, capabilities: [telepathy]}]}}",
         ("1: models.a.candidates[0].capabilities[0]: must be one of 'chat', 'vision', 'document',"
         " 'audio_input', 'audio_output', 'image_output', 'tools', 'web_search', 'code_execution',"
         " 'json_schema', 'reasoning', 'image_generation', 'image_editing',"
         " 'image_upscaling', 'image_classification', 'embedding', 'transcription' or 'speech'")),
    ],
)  # fmt: skip
def test_one_mistake(tmp_path: Path, text: str, expected: str) -> None:
    """Each mistake has a message that says what would be right."""
    assert mistakes(tmp_path, text) == [expected]


def test_models_are_checked_without_providers(tmp_path: Path) -> None:
    """Where providers are no mapping, no candidate's provider is known."""
    found = mistakes(tmp_path, "providers: [x]\nmodels: {m: {candidates: [sandbox/x]}}")
    assert found == [
        "1: providers: must be a mapping",
        "2: models.m.candidates[0]: provider sandbox is not configured",
    ]


def test_unset_variable_is_one_mistake(tmp_path: Path) -> None:
    """A key from an unset variable is reported as that, and not as missing or wrong too."""
    assert mistakes(tmp_path, "providers:\n  g: {kind: groq, api_key: ${NOPE}}") == [
        "2: providers.g.api_key: the environment variable NOPE is not set (set it, or write ${NOPE:-default})"
    ]


def test_mistakes_name_variables_and_flags(tmp_path: Path) -> None:
    """A mistake from the environment names its variable, and one from a flag the command line."""
    environ = {"RINGMAIN_LOG__LEVLE": "x", "RINGMAIN_SERVER__WORKERS": "no", "RINGMAIN_PORT": "tcp://x"}
    flags: dict[str, object] = {"server.admin_listen": ":3"}
    path = write(tmp_path, "server: {workers: 2, lisen: x}")
    with pytest.raises(ConfigError) as caught:
        load(path, environ=environ, overrides=flags)
    assert str(caught.value) == (
        "The configuration has 4 mistakes:\n"
        f"  {path}:1: server.lisen: unknown key (did you mean listen?)\n"
        "  command line: server.admin_listen: must be an address with a port,"
        " such as 127.0.0.1:50051 or [::1]:50051\n"
        "  RINGMAIN_SERVER__WORKERS: server.workers: must be a whole number\n"
        "  RINGMAIN_LOG__LEVLE: log.levle: unknown key (did you mean level?)"
    )


def test_wrong_usual_variable_is_named() -> None:
    """A mistake in a vendor's variable names that variable."""
    with pytest.raises(ConfigError) as caught:
        load(environ={"VLLM_BASE_URL": "localhost:8000"})
    (problem,) = caught.value.problems
    assert (problem.source, problem.path) == ("VLLM_BASE_URL", "providers.vllm.base_url")
    assert str(caught.value).startswith("The configuration has 1 mistake:\n")


def test_keys_are_those_of_the_wire(tmp_path: Path) -> None:
    """A key is compared with the settings of the provider's own wire; another wire's are not known."""
    text = "providers:\n  f: {kind: fal, api_key: k, polling_interval: 1}\n  s: {kind: sandbox, sed: 1}"
    assert mistakes(tmp_path, text) == [
        "2: providers.f.polling_interval: unknown key (did you mean poll_interval?)",
        "3: providers.s.sed: unknown key (did you mean seed?)",
    ]


def test_without_a_kind_no_other_setting_is_judged(tmp_path: Path) -> None:
    """Of a provider without a kind only that is told, since nobody can tell which settings it takes."""
    assert mistakes(tmp_path, "providers: {a: {base_url: http://x, seed: 1}, b: 7}") == [
        "1: providers.a.kind: is required",
        "1: providers.b: must be a mapping",
    ]


def test_a_server_of_ones_own_needs_no_key(tmp_path: Path) -> None:
    """A key is required at the kind's own endpoint only."""
    text = "providers: {a: {kind: openai, base_url: 'http://x/v1'}, b: {kind: vllm}}"
    loaded = load(write(tmp_path, text), environ={"OPENAI_API_KEY": "sk-1"})
    assert over_http(loaded, "a").api_key is None
    assert over_http(loaded, "b").base_url == "http://127.0.0.1:8000/v1"


def test_importing_and_loading_needs_no_yaml() -> None:
    """Without a file no reader of YAML is imported, nor are grpc and the providers' SDKs."""
    script = (
        "import sys; from ringmain_server.config import load; load(environ={});"
        "print([m for m in ('yaml', 'grpc', 'openai', 'pydantic_settings') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_claude_at_a_cloud(tmp_path: Path) -> None:
    """Claude at another cloud needs no key and no endpoint, but a location."""
    text = """\
providers:
  a: {kind: anthropic, platform: vertex}
  b: {kind: anthropic, platform: bedrock, location: x}
"""
    assert mistakes(tmp_path, text) == ["2: providers.a.location: is required by kind anthropic"]


def test_a_chain_of_fallbacks_is_fine_and_a_circle_is_named_at_each_of_its_models(tmp_path: Path) -> None:
    """Fallbacks may follow each other; every model of a circle is a mistake, what leads into it is not."""
    model = "{candidates: [sandbox/chat], on_exhausted: {fallback: %s}}"
    chain = f"models: {{a: {model % 'b'}, b: {model % 'c'}, c: {{candidates: [sandbox/chat]}}}}"
    path = tmp_path / "ringmain.yaml"
    path.write_text(chain)
    assert load(str(path), environ={}).models["a"].on_exhausted.fallback == "b"
    path.write_text(f"models: {{a: {model % 'b'}, b: {model % 'c'}, c: {model % 'b'}}}")
    with pytest.raises(ConfigError) as caught:
        load(str(path), environ={})
    assert [problem.path for problem in caught.value.problems] == [
        "models.b.on_exhausted.fallback",
        "models.c.on_exhausted.fallback",
    ]
