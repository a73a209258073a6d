"""What can be set, and what is refused."""

from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from itertools import combinations
from typing import get_args, get_type_hints

import pytest
from pydantic import ValidationError
from ringmain.v1 import model_service_pb2
from ringmain_server.catalog import knobs
from ringmain_server.config import (
    CandidateSettings,
    KnobSettings,
    LogSettings,
    ModelSettings,
    OpenAISettings,
    PriceSettings,
    SandboxSettings,
    ServerSettings,
    Settings,
    TimeoutOverrides,
    TimeoutSettings,
    provider_settings,
)
from ringmain_server.config.models import Capability
from ringmain_server.config.schema import ROOT, at
from ringmain_server.config.wires import WIRES, HttpSettings
from ringmain_server.kinds import KINDS


def test_capabilities_are_those_of_the_contract() -> None:
    """The capability names are the contract's, lower case and without prefix."""
    names = [
        name.removeprefix("CAPABILITY_").lower()
        for name in model_service_pb2.Capability.DESCRIPTOR.values_by_name
    ]
    assert list(get_args(Capability)) == names[1:]


def test_knobs_are_those_of_the_catalog() -> None:
    """Every knob of the catalog can be set, in the catalog's words; `prefill` is a setting of its own."""
    hints = get_type_hints(KnobSettings)
    known = {field.name: field for field in fields(knobs.Knobs)}
    assert known.keys() - KnobSettings.model_fields.keys() == {"prefill"}
    assert KnobSettings.model_fields.keys() <= known.keys()
    for name, words in knobs.WORDS.items():
        stated = {word for part in get_args(hints[name]) for word in _literals(part)}
        assert stated == set(words) - {""}, name  # an empty word is that of the provider's kind


def _literals(hint: object) -> Iterator[object]:
    for part in get_args(hint):
        if isinstance(part, str):
            yield part
        else:
            yield from _literals(part)


def test_defaults() -> None:
    """Settings without any value have the sandbox and the process itself, and listen on loopback only."""
    settings = Settings()
    assert settings.server.listen == "127.0.0.1:50051"
    assert settings.server.max_receive_bytes == 64 * 2**20
    assert settings.providers == {name: provider_settings(kind=name) for name in ("sandbox", "local")}
    assert settings.models == {}


def test_everything_is_frozen() -> None:
    """Neither a section nor a mapping can be changed."""
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.server.workers = 2
    with pytest.raises(TypeError, match="does not support item assignment"):
        settings.providers["x"] = SandboxSettings(kind="sandbox")  # type: ignore[index]
    with pytest.raises(TypeError, match="does not support item assignment"):
        OpenAISettings(kind="openai").headers["x"] = "y"  # type: ignore[index]


def test_addresses_are_not_shared() -> None:
    """Two listeners on one address are refused, but for port 0, which is never the same."""
    with pytest.raises(ValidationError, match=r"same address as server\.listen"):
        ServerSettings(listen="127.0.0.1:1", admin_listen="127.0.0.1:1")
    with pytest.raises(ValidationError, match=r"same address as server\.admin_listen"):
        ServerSettings(admin_listen="127.0.0.1:1", metrics_listen="127.0.0.1:1")
    ServerSettings(listen="127.0.0.1:0", admin_listen="127.0.0.1:0", metrics_listen=None)


@pytest.mark.parametrize(
    "value",
    [
        {"workers": 0},
        {"workers": True},
        {"workers": "1"},
        {"workers": 1.0},
        {"allow_unauthenticated": 1},
        {"default_deadline": 0},
        {"default_deadline": float("inf")},
        {"drain_delay": -1},
        {"max_receive_bytes": 2**31},
        {"metrics_listen": "unix:/x"},
        {"listen": None},
        {"lisen": "127.0.0.1:1"},
    ],
)
def test_wrong_server_settings(value: dict[str, object]) -> None:
    """Values of the wrong type or range, and unknown keys, are refused."""
    with pytest.raises(ValidationError):
        ServerSettings.model_validate(value)


def test_log_file_by_its_path() -> None:
    """A log file may be given by its path alone, and a level in capitals."""
    log = LogSettings.model_validate({"file": "/tmp/x.log", "level": "DEBUG"})
    assert log.file is not None
    assert (log.file.path, log.file.backup_count, log.level) == ("/tmp/x.log", 5, "debug")
    with pytest.raises(ValidationError):
        LogSettings.model_validate({"level": 1})


@pytest.mark.parametrize(
    ("url", "expected"),
    [("http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1"), ("https://x.org/v1//", "https://x.org/v1")],
)
def test_base_url(url: str, expected: str) -> None:
    """A base_url loses the slashes at its end."""
    assert OpenAISettings(kind="openai", base_url=url).base_url == expected


@pytest.mark.parametrize(
    "url",
    ["", "x.org", "ftp://x.org", "http://", "http://x:0/", "http://x:port", "http://[x/", "http://u:p@x",
     "http://x?key=1", "http://x#y"],
)  # fmt: skip
def test_wrong_base_url(url: str) -> None:
    """A base_url is an http address without credentials, query and fragment."""
    with pytest.raises(ValidationError):
        OpenAISettings(kind="openai", base_url=url)


def test_secrets_are_stripped_and_hidden() -> None:
    """A key loses the line break of the file it came from, and never shows."""
    provider = OpenAISettings.model_validate({"kind": "openai", "api_key": "sk-x\n", "headers": {"a": "v-1"}})
    assert provider.api_key is not None
    assert provider.api_key.get_secret_value() == "sk-x"
    assert "sk-x" not in repr(provider)
    assert "v-1" not in repr(provider)
    with pytest.raises(ValidationError) as caught:
        OpenAISettings.model_validate({"kind": "openai", "api_key": 12345678})
    assert "12345678" not in str(caught.value)


def test_candidate_short_form() -> None:
    """A candidate's short form is split at its first slash."""
    candidate = CandidateSettings.model_validate("router/meta/llama")
    assert (candidate.provider, candidate.model) == ("router", "meta/llama")
    for wrong in ("router", "router/", "/model", ""):
        with pytest.raises(ValidationError, match="must be provider/model"):
            CandidateSettings.model_validate(wrong)


def test_price() -> None:
    """Prices are exact decimals of at least zero, and two of them are required."""
    price = PriceSettings.model_validate({"input_per_mtok": 0.15, "output_per_mtok": "0.6"})
    assert (price.input_per_mtok, price.output_per_mtok) == (Decimal("0.15"), Decimal("0.6"))
    assert price.cached_input_per_mtok is None
    for wrong in (-1, True, "nan", "much"):
        with pytest.raises(ValidationError):
            PriceSettings.model_validate({"input_per_mtok": wrong, "output_per_mtok": 1})
    with pytest.raises(ValidationError):
        PriceSettings.model_validate({"input_per_mtok": 1})


def test_timeouts_from_the_outside_in() -> None:
    """A model's timeouts win over its provider's, and those over the defaults."""
    settings = Settings(
        timeouts=TimeoutSettings(connect=1, idle=2),
        providers={"p": SandboxSettings(kind="sandbox", timeouts=TimeoutOverrides(idle=3, attempt=4))},
        models={
            "m": ModelSettings(
                candidates=(CandidateSettings(provider="p", model="x"),),
                timeouts=TimeoutOverrides(attempt=5),
            )
        },
    )
    assert settings.timeouts_for("p") == TimeoutSettings(connect=1, idle=3, attempt=4)
    assert settings.timeouts_for("p", "m") == TimeoutSettings(connect=1, idle=3, attempt=5)


def test_kinds_name_settings_that_exist() -> None:
    """The table of kinds speaks of settings that providers have, and takes them itself."""
    for kind in KINDS.values():
        named = {*kind.required, *kind.environment, *kind.triggers}
        assert named <= set(WIRES[kind.wire].model_fields)
        assert set(kind.triggers) <= set(kind.environment)
        if kind.base_url:
            made = provider_settings(kind=kind.name, base_url=kind.base_url)
            assert isinstance(made, HttpSettings)
            assert made.base_url == kind.base_url


def test_a_setting_has_one_type_in_all_wires() -> None:
    """Settings of one name have one type, so that text from the environment can be read as that type."""
    for one, other in combinations(WIRES.values(), 2):
        for name in one.model_fields.keys() & other.model_fields.keys():
            assert one.model_fields[name].annotation == other.model_fields[name].annotation


def test_schema_follows_paths() -> None:
    """The schema knows what belongs at a path, through sections, mappings and lists."""
    price = at(("models", "any", "candidates", 0, "price"))
    assert price is not None
    assert (price.bare, price.nullable, price.is_mapping) == (PriceSettings, True, True)
    assert at(()) == ROOT
    assert at(("models", "any", "candidates", "x")) is None
    assert at(("server", "listen", "x")) is None
    assert at(("nope", "x")) is None
