"""Telemetry: one log line and the metrics of each call."""

from itertools import islice
from operator import itemgetter

from google.protobuf.message import Message
from ringmain.v1.usage_pb2 import Usage
from structlog.typing import FilteringBoundLogger

from ringmain_server.call import LABEL_LENGTH, LABEL_LIMIT, Call
from ringmain_server.errors import (
    AnswerUnreadable,
    CredentialsInvalid,
    Internal,
    NotAllowed,
    RingmainError,
)
from ringmain_server.telemetry.faults import Faults, harmless
from ringmain_server.telemetry.metrics import Metrics
from ringmain_server.telemetry.reporter import Reporter
from ringmain_server.text.excerpt import LIMIT, excerpt

LEFT_OUT_LIMIT = 8
"""The most providers that a line names because their state was left out: callers choose the names."""

_CHOSEN = ("request_id", "model", "provider_model", "tenant", "principal")
"""The fields of a line that callers choose, or issuers of their tokens."""
_value = itemgetter(1)


class Observer:
    """Records how each call went; the edge calls it. No method raises.

    Args:
        log: The log.
        metrics: The metrics.
        reporter: Publishes events of calls with failed attempts, None for none.
        quiet: Whether only failures are logged above debug, as for operations that publish events of their
            own.
    """

    def __init__(
        self,
        log: FilteringBoundLogger,
        metrics: Metrics,
        reporter: Reporter | None = None,
        *,
        quiet: bool = False,
    ) -> None:
        self.faults = Faults(log)
        self._log = log
        self._metrics = metrics
        self._reporter = reporter
        self._write = log.debug if quiet else log.info

    # The two methods that every call visits guard themselves: the decorator would add a call to each.

    def began(self, call: Call, request: Message | None) -> None:
        """Records that a call began, and keeps what its request names for the line at its end.

        Args:
            call: The call.
            request: Its request, None where it comes in several messages.
        """
        try:
            if request is not None:
                _keep(call, request)
            self._metrics.running[call.method] += 1
        except Exception as exc:  # noqa: BLE001 - a call must not fail because of its telemetry
            self.faults.happened("Observer.began", exc)

    @harmless
    def named(self, call: Call, request: Message) -> None:
        """Keeps what the configuration of a request of several messages names."""
        _keep(call, request)

    def succeeded(self, call: Call, answer: Message | None, seconds: float) -> None:
        """Records that the caller has the whole answer, and keeps the usage that it tells.

        Args:
            call: The call.
            answer: The whole answer or the last event of a stream, None where there was none.
            seconds: How long the call took.
        """
        try:
            # A stream tells its usage in the `finished` of its last event, a whole answer by itself.
            usage = getattr(getattr(answer, "finished", answer), "usage", None)
            if isinstance(usage, Usage):
                call.usage = usage
            self._metrics.ended(call, "OK", seconds)
            if len(call.attempts) > 1 or call.parts:
                self._report(call)
            self._write("call", **_fields(call, "OK", seconds, None if call.replayed else call.usage))
        except Exception as exc:  # noqa: BLE001 - a call must not fail because of its telemetry
            self.faults.happened("Observer.succeeded", exc)

    @harmless
    def failed(self, call: Call, error: RingmainError, seconds: float) -> None:
        """Records that the caller gets an error."""
        code = error.code.name
        self._metrics.ended(call, code, seconds)
        self._report(call, error)
        write = self._log.error if isinstance(error, Internal) else self._log.warning
        more = {"reason": error.reason, "error": error.message, **self._denial(call, error)}
        write("call", **_fields(call, code, seconds, None, **more))

    @harmless
    def cancelled(self, call: Call, seconds: float) -> None:
        """Records that the caller left."""
        self._metrics.ended(call, "CANCELLED", seconds)
        self._report(call)
        usage = call.attempts[-1].usage if call.attempts else None
        self._write("call", **_fields(call, "CANCELLED", seconds, usage))

    @harmless
    def crashed(self, call: Call, exc: BaseException) -> None:
        """Logs an unknown exception that reached the edge; the caller gets no details of it."""
        self._log.error("fault", response_id=call.response_id, method=call.method, exc_info=exc)

    def _denial(self, call: Call, error: RingmainError) -> dict[str, str]:
        """Counts a call that was refused because of who calls, and returns what only the log may tell."""
        if not isinstance(error, (CredentialsInvalid, NotAllowed)):
            return {}
        self._metrics.denied(error.cause)
        problem = error.problem if isinstance(error, CredentialsInvalid) else ""
        told = {"cause": error.cause, "problem": excerpt(problem), "peer": excerpt(call.peer)}
        return {name: value for name, value in told.items() if value}

    def _report(self, call: Call, error: RingmainError | None = None) -> None:
        if error is not None or len(call.attempts) > 1 or call.parts:
            self._log_unreadable(call)
        if self._reporter is None:
            return
        for one in (call, *call.parts) if call.parts else (call,):
            if len(one.attempts) > 1:
                self._reporter.ended(one)
        if error is not None:
            self._reporter.refused(error)

    def _log_unreadable(self, call: Call) -> None:
        """Logs how reading an answer failed, which nothing else does."""
        for one in (call, *call.parts):
            for attempt in one.attempts:
                error = attempt.error
                if isinstance(error, AnswerUnreadable):
                    candidate, trace = attempt.candidate.name, error.trace
                    self.faults.happened(
                        error.where, response_id=call.response_id, candidate=candidate, trace=trace
                    )


def _keep(call: Call, request: Message) -> None:
    """Keeps what a request names. Not every request has these fields, and no operation is known here."""
    model = getattr(request, "model", None)
    if model is None:
        request, model = _inner(request)
    call.model = model
    call.request_id = getattr(request, "request_id", "")
    if "attribution" in request.DESCRIPTOR.fields_by_name and request.HasField("attribution"):
        # The request has not been checked yet, so that it may hold any number of labels of any length.
        labels = islice(request.attribution.labels.items(), LABEL_LIMIT)  # type: ignore[attr-defined]
        call.labels = {excerpt(key, LABEL_LENGTH): excerpt(value, LABEL_LENGTH) for key, value in labels}


def _inner(request: Message) -> tuple[Message, str]:
    """Returns the request within a request, such as the chat whose tokens are counted, and its model."""
    for field, value in request.ListFields():
        if field.message_type is not None and (model := getattr(value, "model", None)) is not None:
            return value, model
    return request, ""


def _fields(call: Call, code: str, seconds: float, usage: Usage | None, **more: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "code": code,
        **more,
        "method": call.method,
        "response_id": call.response_id,
        "ms": round(seconds * 1000, 1),
    }
    named = (
        ("trace_id", call.trace_id),
        ("tenant", call.principal.tenant_id),
        ("principal", call.principal.principal_id),
        ("request_id", call.request_id),
        ("model", call.model),
        ("labels", call.labels),
        ("answer_id", call.answer_id),
        ("replayed", call.replayed),
        ("parts", len(call.parts)),
    )
    fields.update(filter(_value, named))
    provider_model = ""
    if call.attempts:
        last = call.attempts[-1]
        provider_model = last.candidate.provider_model
        fields["provider"] = last.candidate.provider_id
        fields["provider_model"] = provider_model
        if last.left_out:
            fields["state_left_out"] = [excerpt(provider) for provider in last.left_out[:LEFT_OUT_LIMIT]]
        if (len(call.attempts) > 1 or last.error is not None) and (failed := _failures(call)):
            fields["failed_attempts"] = failed
    if usage is not None:
        fields["input_tokens"] = usage.input_token_count
        fields["output_tokens"] = usage.output_token_count
        if usage.estimated:
            fields["estimated"] = True
        if usage.HasField("cost_nano_usd"):
            fields["cost_nano_usd"] = usage.cost_nano_usd
    # What callers chose is cut and escaped; one look at all of it is enough for nearly every call.
    chosen = call.request_id + call.model + provider_model
    chosen += call.principal.tenant_id + call.principal.principal_id
    if len(chosen) > LIMIT or not chosen.isprintable():
        fields |= {name: excerpt(str(fields[name])) for name in _CHOSEN if name in fields}
    return fields


def _failures(call: Call) -> list[str]:
    return [
        f"{excerpt(one.candidate.name)}: {one.error.message}"
        for one in call.attempts
        if one.error is not None
    ]
