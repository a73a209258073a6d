"""`ringmain status`, `providers`, `reload` and `events` against a scripted gateway."""

import contextlib
import io
import json
import os
import pty
import signal

import grpc
import pytest
from google.protobuf.json_format import Parse
from google.rpc.error_details_pb2 import BadRequest
from rich.console import Console
from ringmain.admin.v1 import admin_service_pb2 as pb
from ringmain_server.cli.status_table import status_table

from tests.cli.conftest import CommandLine
from tests.client.gateway import Gateway, answers, fails, streams
from tests.fakes.waiting import LIMIT

NOW = 1_800_000_000
OK = pb.Breaker(provider_model="gpt[red]", state=pb.BREAKER_STATE_CLOSED)
UP = pb.Provider(
    provider_id="up",
    kind="openai",
    state=pb.PROVIDER_STATE_ACTIVE,
    breakers=[OK, pb.Breaker(provider_model="other", state=pb.BREAKER_STATE_HALF_OPEN)],
    in_flight_count=3,
    failure_rate=0.25,
)
UP.median_latency.FromMilliseconds(85)
DOWN = pb.Provider(provider_id="down", kind="down", state=pb.PROVIDER_STATE_DRAINED)
LISTED = pb.ListProvidersResponse(providers=[DOWN, UP])


def run(ringmain: CommandLine, *args: str) -> "tuple[int, str, str]":
    """Exit code, standard output and error of a command at the scripted gateway's admin address."""
    result = ringmain(*args, RINGMAIN_TARGET="nobody:1", RINGMAIN_ADMIN_TARGET=ringmain.target)
    return result.exit_code, result.stdout, result.stderr


def table(text: str) -> list[list[str]]:
    """The cells of a printed table, row by row."""
    return [line.split() for line in text.splitlines()[3:] if line.strip()]


def test_status(gateway: Gateway, ringmain: CommandLine) -> None:
    """A row for each breaker under its provider, with what there is to say of it."""
    gateway.script(answers(LISTED))
    code, out, _ = run(ringmain, "status")
    assert code == 0
    assert table(out) == [
        ["down", "drained", "0"],
        ["up", "(openai)", "active", "3", "85", "ms", "25%", "gpt[red]", "closed"],
        ["other", "half-open"],
    ]


def broken() -> pb.Breaker:
    """An open breaker that lets a call through in half a minute."""
    breaker = pb.Breaker(provider_model="m", state=pb.BREAKER_STATE_OPEN)
    breaker.probe_time.FromSeconds(NOW + 30)
    breaker.last_error.message = "up: is silent"
    return breaker


def cooling(reason: str, seconds: int | None) -> pb.Breaker:
    """A closed breaker of a candidate that is left alone."""
    breaker = pb.Breaker(provider_model="m", state=pb.BREAKER_STATE_CLOSED, cooldown_reason=reason)
    if seconds is not None:
        breaker.cooldown_end_time.FromSeconds(NOW + seconds)
    breaker.last_error.message = reason
    return breaker


@pytest.mark.parametrize(
    ("breaker", "said"),
    [
        (broken(), "open next try in 30 s · up: is silent"),
        (cooling("up: too many", 20), "closed cooldown for 20 s: up: too many"),
        (cooling("up: too many", -1), "closed cooldown until now: up: too many"),
        (cooling("up: refused", None), "closed cooldown until checked: up: refused"),
    ],
)
def test_status_says_why(breaker: pb.Breaker, said: str) -> None:
    """Who gets no requests is shown with the reason and the time until it does."""
    up = pb.Provider(provider_id="up", kind="up", state=pb.PROVIDER_STATE_ACTIVE, breakers=[breaker])
    shown = io.StringIO()
    Console(file=shown, width=200).print(status_table([up], NOW))
    (row,) = table(shown.getvalue())
    assert " ".join(row) == f"up active 0 m {said}"


def test_status_as_json(gateway: Gateway, ringmain: CommandLine) -> None:
    """`--json` prints the contract's message."""
    gateway.script(answers(LISTED))
    code, out, _ = run(ringmain, "status", "--json")
    assert code == 0
    assert Parse(out, pb.ListProvidersResponse()) == LISTED


def test_status_goes_on_with_watch(gateway: Gateway, ringmain: CommandLine) -> None:
    """`--watch` shows it again each second, until the gateway is gone or Ctrl-C; as JSON, a line each."""
    for flags in (["--watch"], ["--watch", "--json"]):
        gateway.script(answers(LISTED), answers(LISTED), fails(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN"))
        code, out, err = run(ringmain, "status", *flags)
        assert code == 1
        assert "SHUTTING_DOWN" in err
        assert out.count("gpt[red]") == 2
    assert [Parse(line, pb.ListProvidersResponse()) for line in out.splitlines()] == [LISTED, LISTED]


def test_drain_and_restore(gateway: Gateway, ringmain: CommandLine) -> None:
    """The provider's new state is said in a line."""
    gateway.script(answers(pb.DrainProviderResponse(provider=UP)))
    assert run(ringmain, "providers", "drain", "up")[:2] == (0, "up is drained; 3 in flight\n")
    gateway.script(answers(pb.RestoreProviderResponse(provider=UP)))
    assert run(ringmain, "providers", "restore", "up")[:2] == (0, "up is active\n")
    assert [request.provider_id for request in gateway.requests] == ["up", "up"]  # type: ignore[attr-defined]


def test_check(gateway: Gateway, ringmain: CommandLine) -> None:
    """The exit code is 0 only when the provider is well; else its failure is said."""
    said = pb.CheckProviderResponse()
    said.latency.FromMilliseconds(12)
    gateway.script(answers(said))
    assert run(ringmain, "providers", "check", "up")[:2] == (0, "up is well (12 ms)\n")
    said.error.message = "up: refused the connection"
    gateway.script(answers(said))
    assert run(ringmain, "providers", "check", "up")[:2] == (1, "up: refused the connection (12 ms)\n")


def test_primary(gateway: Gateway, ringmain: CommandLine) -> None:
    """The order that now holds is printed."""
    gateway.script(answers(pb.SetPrimaryProviderResponse(provider_ids=["b", "a"])))
    assert run(ringmain, "providers", "primary", "m", "b")[:2] == (0, "m: b, a\n")
    assert gateway.requests == [pb.SetPrimaryProviderRequest(model="m", provider_id="b")]


def test_reload(gateway: Gateway, ringmain: CommandLine) -> None:
    """What changed, and what needs a restart, is listed."""
    done = pb.ReloadConfigResponse(changed_paths=["models.m"], restart_paths=["server.listen"])
    gateway.script(answers(done), answers(pb.ReloadConfigResponse()))
    code, out, _ = run(ringmain, "reload")
    assert (code, out) == (0, "changed: models.m\nneeds a restart: server.listen\n")
    assert run(ringmain, "reload")[1] == "nothing changed\n"


def test_a_bad_configuration_is_listed(gateway: Gateway, ringmain: CommandLine) -> None:
    """Every mistake has its line, and the exit code is not 0."""
    bad = BadRequest(field_violations=[BadRequest.FieldViolation(field="models.m", description="is empty")])
    gateway.script(fails(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", bad))
    code, _, err = run(ringmain, "reload")
    assert code == 1
    assert "  models.m: is empty" in err


def event(kind: str, message: str) -> pb.WatchEventsResponse:
    """An event at a fixed time."""
    found = pb.WatchEventsResponse(kind=kind, message=message)
    found.time.FromSeconds(1_800_000_000)
    return found


def test_events(gateway: Gateway, ringmain: CommandLine) -> None:
    """A line for each event until the gateway stops; `--json` prints the contract's messages."""
    told = [event("breaker", "opened"), event("config", "loaded")]
    gateway.script(streams(*told), streams(*told))
    code, out, _ = run(ringmain, "events", "--kind", "breaker", "--kind", "config")
    assert code == 0
    assert out.splitlines() == [
        "2027-01-15 08:00:00Z  breaker   opened",
        "2027-01-15 08:00:00Z  config    loaded",
    ]
    assert gateway.requests == [pb.WatchEventsRequest(kinds=["breaker", "config"])]
    _, out, _ = run(ringmain, "events", "--json")
    assert [json.loads(line)["kind"] for line in out.splitlines()] == ["breaker", "config"]


def test_the_admin_target_is_named_where_nobody_answers(ringmain: CommandLine) -> None:
    """A flag wins over the variable; both are named to who has started no gateway."""
    result = ringmain("reload", "--admin-target", "127.0.0.1:1", RINGMAIN_ADMIN_TARGET=ringmain.target)
    assert result.exit_code == 1
    assert "no gateway answers at 127.0.0.1:1" in result.stderr
    assert "--admin-target or RINGMAIN_ADMIN_TARGET" in result.stderr


def test_the_token_is_sent(gateway: Gateway, ringmain: CommandLine) -> None:
    """Operators' calls carry the token of the environment, streams too."""
    gateway.script(answers(pb.ReloadConfigResponse()), streams())
    for command in ("reload", "events"):
        ringmain(command, RINGMAIN_ADMIN_TARGET=ringmain.target, RINGMAIN_TOKEN="secret")
    assert [sent["authorization"] for sent in gateway.metadata] == ["Bearer secret"] * 2


def test_tls_needs_readable_certificates(ringmain: CommandLine) -> None:
    """A missing file of certificates is a mistake; with TLS, a plain gateway is none that answers."""
    assert run(ringmain, "reload", "--ca-file", "/nonexistent")[0] == 2
    code, _, err = run(ringmain, "reload", "--tls")
    assert code == 1
    assert "does not speak TLS" in err


def test_ctrl_c_ends_the_watching(gateway: Gateway, ringmain: CommandLine) -> None:
    """Ctrl-C ends `events` quietly, and the call with it."""

    def waits(context: grpc.ServicerContext) -> object:
        yield event("config", "loaded")
        gateway.ended.wait(timeout=LIMIT)

    gateway.script(waits)
    process = ringmain.start("events", "--admin-target", ringmain.target)
    assert process.stdout is not None
    assert "loaded" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=LIMIT) == 130
    assert gateway.ended.wait(timeout=LIMIT)


def test_status_on_a_terminal_is_shown_in_place(gateway: Gateway, ringmain: CommandLine) -> None:
    """With `--watch` a terminal shows the newest table alone."""
    gateway.script(answers(LISTED), answers(LISTED), fails(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN"))
    ours, terminal = pty.openpty()
    process = ringmain.start("status", "--watch", "--admin-target", ringmain.target, stdout=terminal)
    os.close(terminal)
    said = b""
    with contextlib.suppress(OSError):  # how Linux says that the other side has closed it
        while piece := os.read(ours, 4096):
            said += piece
    os.close(ours)
    assert process.wait(timeout=LIMIT) == 1
    assert b"gpt[red]" in said
