"""`ringmain keys` against a scripted gateway, and its bootstrap against a database."""

import re
from pathlib import Path

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import Parse
from google.protobuf.timestamp_pb2 import Timestamp
from ringmain.admin.v1 import admin_service_pb2 as pb
from ringmain_server.cli.key_flags import Clearable, KeyFlags, ScopeChoice, field_of
from ringmain_server.cli.key_table import key_lines
from ringmain_server.edge.rules.keys import CHANGEABLE
from ringmain_server.identity.keys import key_id_of

from tests.cli.conftest import CommandLine
from tests.cli.test_admin import run
from tests.client.gateway import Gateway, answers, fails

NOW = 1_800_000_000.0
KEY = pb.ApiKey(key_id="01hf7yat00abcdef", tenant_id="acme", scopes=[pb.API_KEY_SCOPE_INFERENCE])
MADE = pb.CreateApiKeyResponse(key=KEY, secret="rm_the_secret_00000000")


def test_a_key_is_made(gateway: Gateway, ringmain: CommandLine) -> None:
    """Every flag is a field; the secret is on standard output, the advice to keep it is not."""
    gateway.script(answers(MADE))
    flags = (
        *("--tenant", "acme", "--name", "the night batch", "--scope", "inference", "--scope", "usage"),
        *("--model", "smart", "--model", "sandbox/*", "--method", "ringmain.v1.ChatService/*"),
        *("--network", "10.0.0.0/8", "--requests-per-minute", "0", "--tokens-per-minute", "1000000"),
        *("--monthly-budget", "$250.000000001", "--expires", "2027-03-31T18:00:00+01:00"),
    )
    code, out, err = run(ringmain, "keys", "create", *flags)
    assert code == 0
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert lines == {
        "key": KEY.key_id,
        "tenant": "acme",
        "scopes": "inference",
        "state": "active",
        "secret": "rm_the_secret_00000000",
    }
    assert err == "The secret is shown only this once: keep it now.\n"
    assert gateway.requests == [
        pb.CreateApiKeyRequest(
            key=pb.ApiKey(
                tenant_id="acme",
                display_name="the night batch",
                scopes=[pb.API_KEY_SCOPE_INFERENCE, pb.API_KEY_SCOPE_USAGE],
                allowed_models=["smart", "sandbox/*"],
                allowed_methods=["ringmain.v1.ChatService/*"],
                allowed_networks=["10.0.0.0/8"],
                requests_per_minute=0,
                tokens_per_minute=1_000_000,
                monthly_budget_nano_usd=250_000_000_001,
                expire_time=Timestamp(seconds=1806512400),
            )
        )
    ]


def test_a_key_is_for_asking_models(gateway: Gateway, ringmain: CommandLine) -> None:
    """Without a scope, a new key may ask models and nothing else; JSON is the contract's message."""
    gateway.script(answers(MADE))
    code, out, err = run(ringmain, "keys", "create", "--tenant", "acme", "--json")
    assert (code, err) == (0, "")
    assert Parse(out, pb.CreateApiKeyResponse()) == MADE
    assert gateway.requests == [
        pb.CreateApiKeyRequest(key=pb.ApiKey(tenant_id="acme", scopes=[pb.API_KEY_SCOPE_INFERENCE]))
    ]


def test_keys_are_listed_page_by_page(gateway: Gateway, ringmain: CommandLine) -> None:
    """All pages are one list."""
    other = pb.ApiKey(key_id="01hf7yat01abcdef", tenant_id="acme")
    pages = [
        pb.ListApiKeysResponse(keys=[KEY], next_page_token="more"),
        pb.ListApiKeysResponse(keys=[other]),
    ]
    for flags in ((), ("--json",)):
        gateway.script(*map(answers, pages))
        code, out, _ = run(ringmain, "keys", "list", "--tenant", "acme", *flags)
        assert code == 0
    assert Parse(out, pb.ListApiKeysResponse()) == pb.ListApiKeysResponse(keys=[KEY, other])
    assert gateway.requests[:2] == [
        pb.ListApiKeysRequest(page_size=250, tenant_id="acme"),
        pb.ListApiKeysRequest(page_size=250, tenant_id="acme", page_token="more"),
    ]


def test_the_columns_of_keys() -> None:
    """A line shows what a key is for, whether it works, when it was used, and its limits."""
    plain = pb.ApiKey(key_id="a", tenant_id="acme", display_name="two\nlines", last_use_time=Timestamp())
    plain.scopes.extend([pb.API_KEY_SCOPE_INFERENCE, pb.API_KEY_SCOPE_ADMIN])
    limited = pb.ApiKey(
        key_id="b",
        tenant_id="u",
        allowed_models=["x", "y*"],
        allowed_methods=["m"],
        allowed_networks=["::1"],
        requests_per_minute=0,
        tokens_per_minute=5,
        monthly_budget_nano_usd=10**9,
        expire_time=Timestamp(seconds=int(NOW) + 1),
    )
    expired = pb.ApiKey(key_id="c", expire_time=Timestamp(seconds=int(NOW)))
    revoked = pb.ApiKey(key_id="d", expire_time=Timestamp(seconds=1), revoke_time=Timestamp(seconds=1))
    lines = [re.split(r"  +", line) for line in key_lines([plain, limited, expired, revoked], NOW)]
    assert lines[:3] == [
        ["KEY", "TENANT", "NAME", "SCOPES", "STATE", "LAST USED", "LIMITS"],
        ["a", "acme", "two lines", "inference,admin", "active", "1970-01-01 00:00Z", "-"],
        [
            *("b", "u", "-", "-", "until 2027-01-15 08:00Z", "never"),
            "models x y*, methods m, networks ::1, 0 requests/min, 5 tokens/min, $1/month",
        ],
    ]
    assert lines[3][-3:] == ["expired 2027-01-15 08:00Z", "never", "-"]
    assert lines[4][-3:] == ["revoked 1970-01-01", "never", "-"]


def test_a_key_is_changed(gateway: Gateway, ringmain: CommandLine) -> None:
    """What is set and what is cleared are named; nothing else is."""
    gateway.script(answers(pb.UpdateApiKeyResponse(key=KEY)))
    flags = ("--name", "", "--model", "smart", "--clear", "expires", "--clear", "monthly-budget")
    assert run(ringmain, "keys", "update", "k", *flags)[0] == 0
    paths = ["display_name", "allowed_models", "expire_time", "monthly_budget_nano_usd"]
    assert gateway.requests == [
        pb.UpdateApiKeyRequest(
            key=pb.ApiKey(key_id="k", allowed_models=["smart"]), update_mask=FieldMask(paths=paths)
        )
    ]


def test_every_field_has_a_flag() -> None:
    """The flags name exactly the fields that can be changed, and the scopes are the contract's."""
    assert {field_of(name) for name in KeyFlags.__dataclass_fields__} == set(CHANGEABLE)
    assert {field_of(name) for name in Clearable} == set(CHANGEABLE) - {"scopes"}
    names = {f"API_KEY_SCOPE_{scope.upper()}" for scope in ScopeChoice}
    assert names | {"API_KEY_SCOPE_UNSPECIFIED"} == set(pb.ApiKeyScope.keys())


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("update", "k"), "error: nothing is to be changed"),
        (
            ("update", "k", "--model", "m", "--clear", "models"),
            "error: allowed_models is both set and cleared",
        ),
        (("update", "k", "--expires", "soon"), "error: --expires 'soon' is not a span such as 90d"),
        (("update", "k", "--monthly-budget", "much"), "error: --monthly-budget 'much' is not an amount"),
        (("update", "k", "--monthly-budget", "-1"), "error: --monthly-budget '-1' is not an amount"),
        (("update", "k", "--monthly-budget", "NaN"), "error: --monthly-budget 'NaN' is not an amount"),
        (("rotate", "k", "--grace", "1 day"), "error: --grace '1 day' is not a span such as 90s"),
    ],
)
def test_flags_that_cannot_be_read(ringmain: CommandLine, flags: tuple[str, ...], problem: str) -> None:
    """The gateway is not asked; a line says what is expected."""
    code, _, err = run(ringmain, "keys", *flags)
    assert code == 2
    assert err.startswith(problem)
    assert err.count("\n") == 1


def test_a_key_is_rotated_and_revoked(gateway: Gateway, ringmain: CommandLine) -> None:
    """A new secret is shown as that of a new key is; a revoked key is shown as `list` does."""
    gateway.script(answers(pb.RotateApiKeyResponse(key=KEY, secret="rm_new_secret_00000000")))
    code, out, _ = run(ringmain, "keys", "rotate", KEY.key_id, "--grace", "12h")
    assert code == 0
    assert "rm_new_secret_00000000" in out
    revoked = pb.ApiKey(key_id=KEY.key_id, revoke_time=Timestamp(seconds=int(NOW)))
    gateway.script(answers(pb.RevokeApiKeyResponse(key=revoked)))
    code, out, _ = run(ringmain, "keys", "revoke", KEY.key_id)
    assert code == 0
    assert "revoked 2027-01-15" in out
    rotation, revocation = gateway.requests
    assert isinstance(rotation, pb.RotateApiKeyRequest)
    assert (rotation.key_id, rotation.grace_period.seconds) == (KEY.key_id, 43_200)
    assert revocation == pb.RevokeApiKeyRequest(key_id=KEY.key_id)


def test_a_refusal_is_shown(gateway: Gateway, ringmain: CommandLine) -> None:
    """The gateway's reason is a line on standard error."""
    gateway.script(fails(grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND"))
    code, out, err = run(ringmain, "keys", "revoke", "k")
    assert (code, out) == (1, "")
    assert "RESOURCE_NOT_FOUND" in err


def test_the_first_key(ringmain: CommandLine, tmp_path: Path) -> None:
    """The database is made, and an operator's key in it; a second one is refused unless it is insisted on."""
    storage = {"RINGMAIN_STORAGE__URL": f"sqlite:///{tmp_path}/state/ringmain.db"}
    first = ringmain("keys", "bootstrap", "--json", **storage)
    assert first.exit_code == 0
    made = Parse(first.stdout, pb.CreateApiKeyResponse())
    assert list(made.key.scopes) == [pb.API_KEY_SCOPE_ADMIN]
    assert (made.key.tenant_id, key_id_of(made.secret)) == ("operators", made.key.key_id)
    again = ringmain("keys", "bootstrap", **storage)
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr.startswith(
        f"error: the operator's key {made.key.key_id} of the tenant operators exists"
    )
    assert "`ringmain keys bootstrap --anyway`" in again.stderr
    another = ringmain("keys", "bootstrap", "--anyway", "--tenant", "acme", "--name", "mine", **storage)
    assert another.exit_code == 0
    assert made.secret not in another.stdout
    assert dict(line.split(maxsplit=1) for line in another.stdout.splitlines())["tenant"] == "acme"


@pytest.mark.parametrize(
    ("environ", "flags", "code", "problem"),
    [
        ({}, (), 2, "error: API keys are not enabled"),
        ({"RINGMAIN_STORAGE__URL": "memory"}, (), 2, "error: storage.url is memory"),
        (
            {"RINGMAIN_STORAGE__URL": "sqlite:////proc/ringmain.db"},
            (),
            1,
            "error: cannot migrate the database /proc/ringmain.db",
        ),
        (
            {"RINGMAIN_STORAGE__URL": "postgresql://me:secret@127.0.0.1:9/db"},
            (),
            1,
            "error: cannot open the database postgresql://me:********@127.0.0.1:9/db",
        ),
        (
            {"RINGMAIN_STORAGE__URL": "sqlite:///TMP/r.db"},
            ("--tenant", ""),
            2,
            "error: key.tenant_id: names no tenant",
        ),
    ],
)
def test_a_first_key_that_cannot_be_made(
    ringmain: CommandLine,
    tmp_path: Path,
    environ: dict[str, str],
    flags: tuple[str, ...],
    code: int,
    problem: str,
) -> None:
    """A line says what to do."""
    given = {name: value.replace("TMP", str(tmp_path)) for name, value in environ.items()}
    done = ringmain("keys", "bootstrap", *flags, **given)
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr.startswith(problem)
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr
