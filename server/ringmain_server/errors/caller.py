"""Errors: a request cannot be served as it stands."""

from collections.abc import Mapping, Sequence
from typing import Final, Self

import grpc

from ringmain_server.errors.base import RingmainError, Violation
from ringmain_server.text.excerpt import excerpt, quoted


class CallerError(RingmainError):
    """The request cannot be served as it stands."""


class InvalidField(CallerError):
    """Fields break rules of the contract."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    reason = "INVALID_FIELD"

    def __init__(self, violations: Sequence[Violation]) -> None:
        first = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        place = f"{excerpt(first.field)}: " if first.field else ""
        super().__init__(f"{place}{first.description}{more}")
        self.violations = tuple(violations)

    @classmethod
    def at(cls, field: str, description: str) -> Self:
        """Returns the error for one violation."""
        return cls((Violation(field, description),))


class MediaInvalid(InvalidField):
    """A medium cannot be read, has a type that the model does not take, or is too large."""

    reason = "MEDIA_INVALID"


class Inexpressible(InvalidField):
    """A provider cannot do what a field demands, and the contract does not let it be ignored."""

    reason = "PROVIDER_REJECTED"


class ModelNotFound(CallerError):
    """No candidate serves the model."""

    code = grpc.StatusCode.NOT_FOUND
    reason = "MODEL_NOT_FOUND"

    def __init__(self, model: str, message: str | None = None) -> None:
        super().__init__(message or f"no model {quoted(model)} here", metadata={"model": model})


class ResourceNotFound(CallerError):
    """There is no such thing, or the caller may not know of it.

    Args:
        field: The name of the field that holds the id, which is its key in the metadata.
        resource_id: The id.
        message: A description for people.
    """

    code = grpc.StatusCode.NOT_FOUND
    reason = "RESOURCE_NOT_FOUND"

    def __init__(self, field: str, resource_id: str, message: str) -> None:
        super().__init__(message, metadata={field: resource_id})


class MethodNotServed(CallerError):
    """This server, or this port of it, does not serve the method.

    Args:
        method: The full gRPC method.
        message: A description for people, which says what the operator would have to configure.
    """

    code = grpc.StatusCode.UNIMPLEMENTED
    reason = "METHOD_NOT_SERVED"

    def __init__(self, method: str, message: str) -> None:
        super().__init__(message, metadata={"method": method})


class CapabilityMissing(CallerError):
    """The model's candidates lack what the request needs."""

    code = grpc.StatusCode.FAILED_PRECONDITION
    reason = "CAPABILITY_MISSING"

    def __init__(self, model: str, capability: str, message: str | None = None) -> None:
        super().__init__(
            message or f"model {quoted(model)} has no candidate with {capability}",
            metadata={"model": model, "capability": capability},
        )


_INVALID: Final = "the credentials are not valid here"
"""The one text for credentials that are unknown, revoked, expired or malformed: callers cannot tell which."""


class CredentialsInvalid(CallerError):
    """The caller's credentials are missing or wrong.

    Args:
        cause: What is wrong, for the metrics: `missing`, `ambiguous`, `malformed`, `key`, `token` or
            `certificate`.
        problem: What is wrong, for the log alone. It never holds a credential.
        message: A description for people. Its default is the only text for credentials that were looked at.
    """

    code = grpc.StatusCode.UNAUTHENTICATED
    reason = "CREDENTIALS_INVALID"

    def __init__(self, cause: str, problem: str = "", message: str = _INVALID) -> None:
        super().__init__(message)
        self.cause = cause
        self.problem = problem


class NotAllowed(CallerError):
    """The caller is known and may not do this.

    Args:
        cause: What it may not use, for the metrics: `scope`, `method`, `network`, `model` or `tenant`.
        message: A description for people. It tells nothing that only those who are allowed may know.
        metadata: Details for programs.
    """

    code = grpc.StatusCode.PERMISSION_DENIED
    reason = "NOT_ALLOWED"

    def __init__(self, cause: str, message: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message, metadata=metadata)
        self.cause = cause


class DeadlineExceeded(CallerError):
    """The caller's deadline, or the server's default for callers without one, passed."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED
    reason = "DEADLINE_EXCEEDED"
