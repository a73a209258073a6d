"""What people read when something failed."""

from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from ringmain import Unauthenticated
from ringmain_server.cli import main
from ringmain_server.cli.diagnosis import Target
from ringmain_server.cli.failures import of_call, of_surprise
from ringmain_server.cli.tls import Tls

from tests.cli.conftest import CommandLine
from tests.client.gateway import Gateway, answers, fails
from tests.client.samples import response
from tests.fakes.ports import closed_port


def test_reason_violations_and_delay(gateway: Gateway, ringmain: CommandLine) -> None:
    """A failed call is its reason and message, a line for each violation, and when to retry."""
    violation = BadRequest.FieldViolation(field="messages[0].role", description="is missing")
    gateway.script(
        fails(
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_FIELD",
            BadRequest(field_violations=[violation]),
            RetryInfo(retry_delay=Duration(seconds=1, nanos=500_000_000)),
        )
    )
    result = ringmain("chat", "Hi", "-m", "m", "--no-stream")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: INVALID_FIELD: it is INVALID_ARGUMENT\n  messages[0].role: is missing\n  retry in 1.5 s\n"
    )


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("models",), "put an API key or a token into RINGMAIN_TOKEN, or name it with --token"),
        (("models", "--token", "x"), "the key or token in RINGMAIN_TOKEN (or --token) is mistyped, expired"),
        (
            ("keys", "list"),
            "put an operator's key into RINGMAIN_TOKEN, or name it with --token; where there is",
        ),
        (("keys", "list", "--token", "x"), "the key or token in RINGMAIN_TOKEN (or --token) is mistyped"),
    ],
)
def test_refused_credentials(
    gateway: Gateway, ringmain: CommandLine, arguments: tuple[str, ...], remedy: str
) -> None:
    """A caller whose credentials are refused reads where to put others."""
    gateway.script(fails(grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID"))
    result = ringmain(*arguments, RINGMAIN_ADMIN_TARGET=ringmain.target)
    first, second = result.stderr.splitlines()
    assert (result.exit_code, first) == (1, "error: CREDENTIALS_INVALID: it is UNAUTHENTICATED")
    assert second.startswith(f"  {remedy}")


def test_certificate_that_names_nobody() -> None:
    """A caller whose certificate matches no rule reads that, and not only that there is no key."""
    refusal = Unauthenticated("no", code=grpc.StatusCode.UNAUTHENTICATED)
    shown = of_call(refusal, Target("g:1", Tls(used=True, certificate=(b"c", b"k"))))
    assert "the certificate alone names no caller here: put an API key" in shown.message
    assert "certificate" not in of_call(refusal, Target("g:1", Tls())).message


def test_operators_read_which_key_is_needed(gateway: Gateway, ringmain: CommandLine) -> None:
    """A caller's key is good, but not for the admin port; elsewhere, the message says what is missing."""
    for arguments, count in ((("keys", "list"), 2), (("models",), 1)):
        gateway.script(fails(grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED"))
        lines = ringmain(
            *arguments, "--token", "x", RINGMAIN_ADMIN_TARGET=ringmain.target
        ).stderr.splitlines()
        assert len(lines) == count


@pytest.mark.parametrize("token", ["two\nlines", "rm_é", "a\x7fb"])
def test_token_that_cannot_be_sent(ringmain: CommandLine, token: str) -> None:
    """It is a mistake of the user's, which is told without the token, and not gRPC's own error."""
    result = ringmain("models", RINGMAIN_TOKEN=token)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: the token (--token, RINGMAIN_TOKEN) holds a line break")
    assert token not in result.stderr


def test_large_message(ringmain: CommandLine, tmp_path: Path) -> None:
    """A request that gRPC refuses for its size is called too large, and is a mistake of the user's."""
    large = tmp_path / "large.txt"
    large.write_bytes(b"x" * (64 * 1024 * 1024))
    result = ringmain("chat", "Hi", "-m", "m", "--file", str(large))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: a message is too large: ")


def test_nobody_answers(process_of: Callable[[str], CommandLine]) -> None:
    """A gateway that cannot be reached is one line with the target and what to do."""
    with closed_port() as port:
        result = process_of(f"127.0.0.1:{port}")("models")
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: no gateway answers at 127.0.0.1:{port} (Connection refused): start one with "
        "`ringmain serve`, or name another with --target or RINGMAIN_TARGET\n"
    )


@pytest.mark.parametrize(
    ("before", "behind", "env", "sent"),
    [
        (("--token", "one"), (), {}, "Bearer one"),
        (("--token", "one"), ("--token", "two"), {}, "Bearer two"),
        ((), (), {"RINGMAIN_TOKEN": "three"}, "Bearer three"),
        ((), (), {"RINGMAIN_TOKEN": " three\r\n"}, "Bearer three"),
    ],
)
def test_token(
    gateway: Gateway,
    ringmain: CommandLine,
    before: tuple[str, ...],
    behind: tuple[str, ...],
    env: dict[str, str],
    sent: str,
) -> None:
    """The token is the one behind the command, before it, or of the environment."""
    gateway.script(answers(response("x")))
    ringmain(*before, "chat", "Hi", "-m", "m", "--no-stream", *behind, **env)
    assert gateway.metadata[0]["authorization"] == sent


def test_surprise_is_one_line(gateway: Gateway, ringmain: CommandLine) -> None:
    """An exception that nobody expected is one line, and a traceback only where asked for."""
    args = ("chat", "Hi", "-m", "m", "--seed", "9" * 30)
    result = ringmain(*args)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith("error: unexpected ")
    assert "RINGMAIN_DEBUG=1" in result.stderr
    for shown in (
        ringmain("--debug", *args),
        ringmain(*args, "--debug"),
        ringmain(*args, RINGMAIN_DEBUG="1"),
    ):
        assert "Traceback (most recent call last)" in shown.stderr
        assert shown.exit_code == 1
    assert "Traceback" not in ringmain(*args, RINGMAIN_DEBUG="0").stderr


def test_surprises_without_words() -> None:
    """A missing library names its extra; an exception without text its class."""
    missing = of_surprise(ModuleNotFoundError("No module named 'pydantic'", name="pydantic"))
    assert missing.message == (
        "error: this command needs pydantic, which is not installed: pip install 'ringmain[server]'"
    )
    assert of_surprise(AssertionError()).message.startswith("error: unexpected AssertionError (")
    own = of_surprise(ModuleNotFoundError("No module named 'ringmain.x'", name="ringmain.x"))
    assert "unexpected ModuleNotFoundError: No module named 'ringmain.x'" in own.message


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["version"], 0, "grpcio "),
        (["--version"], 0, "ringmain "),
        (["-h"], 0, "Connection"),
        (["chat", "-h"], 0, "--json-schema"),
        (["serve", "-h"], 0, "--allow-unauthenticated"),
        (["nope"], 2, "No such command"),
        ([], 2, "Usage"),
    ],
)
def test_main(args: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The console script returns an exit code, and its help names flags."""
    assert main(args) == code
    captured = capsys.readouterr()
    assert said in captured.out + captured.err
