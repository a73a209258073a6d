"""Command line: messages for failures: one line and a list, never a traceback."""

from typing import TYPE_CHECKING, Final

import grpc
from ringmain.errors import RingmainError

if TYPE_CHECKING:
    from ringmain_server.cli.diagnosis import Target

USAGE: Final = 2
"""The exit code of mistakes that the user can correct."""

CANCELLED: Final = 130
"""The exit code after Ctrl-C, as in shells: 128 plus the signal's number."""


class CommandFailure(Exception):
    """A command cannot continue.

    Attributes:
        message: The message for the user. May have several lines.
        code: The exit code.
    """

    def __init__(self, message: str, *, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def of_call(error: RingmainError, target: "Target", *, flag: str = "--target") -> CommandFailure:
    """Describes a failed call.

    Args:
        error: The client's exception.
        target: The gateway's address, and the TLS of the connection.
        flag: The flag that names another address; an environment variable does so too.
    """
    if error.code is grpc.StatusCode.UNAVAILABLE and not error.reason:
        return CommandFailure(_unreachable(error, target, flag))
    if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and not error.reason:
        # gRPC's own refusal, at either end.
        return CommandFailure(f"error: a message is too large: {error.message}", code=USAGE)
    lines = [f"error: {error.reason or error.code.name}: {error.message}"]
    violations = [f"{field}: {description}" for field, description in error.violations]
    lines += [f"  {violation}" for violation in violations if violation not in error.message]
    if remedy := _remedy(error, target, operator=flag != "--target"):
        lines.append(f"  {remedy}")
    if error.retry_delay is not None:
        lines.append(f"  retry in {error.retry_delay:.3g} s")
    return CommandFailure("\n".join(lines))


def _remedy(error: RingmainError, target: "Target", *, operator: bool) -> str:
    """Returns what to do about credentials that are missing or not enough; empty for other failures."""
    if error.code is grpc.StatusCode.PERMISSION_DENIED and error.reason == "NOT_ALLOWED" and operator:
        return "this command needs an operator's key, which has the scope admin"
    if error.code is not grpc.StatusCode.UNAUTHENTICATED:
        return ""
    if target.token:
        return (
            "the key or token in RINGMAIN_TOKEN (or --token) is mistyped, expired or revoked, or is not for "
            "this gateway; the gateway's log says which, in the line `call`"
        )
    key = "an operator's key" if operator else "an API key or a token"
    first = "; where there is none yet, `ringmain keys bootstrap` makes the first" if operator else ""
    shown = "" if target.tls.certificate is None else "the certificate alone names no caller here: "
    return f"{shown}put {key} into RINGMAIN_TOKEN, or name it with --token{first}"


def of_surprise(error: Exception) -> CommandFailure:
    """Describes an exception that nobody expected."""
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("ringmain"):
        return CommandFailure(
            f"error: this command needs {error.name}, which is not installed: pip install 'ringmain[server]'"
        )
    text = " ".join(str(error).split())
    description = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return CommandFailure(
        f"error: unexpected {description} (RINGMAIN_DEBUG=1 or `ringmain --debug` shows the traceback)"
    )


def _unreachable(error: RingmainError, target: "Target", flag: str) -> str:
    """Describes a gateway that does not answer: its address, the cause, and what to do.

    gRPC's own text repeats the address in its resolver's form; its last part is the cause.
    """
    from ringmain_server.cli.diagnosis import why

    if reason := why(target):
        return f"error: {reason}"
    tls = "TLS handshake failed" if "handshake failed" in error.message.lower() else ""
    cause = tls or error.message.rpartition("; last error: ")[2].rpartition(": ")[2].strip(" ]")
    return (
        f"error: no gateway answers at {target.address} ({cause}): start one with `ringmain serve`, "
        f"or name another with {flag} or RINGMAIN_{flag.strip('-').replace('-', '_').upper()}"
    )
