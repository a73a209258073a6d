"""Telemetry: one log line and the metrics of each call."""

from google.protobuf.message import Message
from ringmain.v1.usage_pb2 import Usage
from structlog.typing import FilteringBoundLogger

from ringmain_server.call import Call
from ringmain_server.errors import AnswerUnreadable, Internal, RingmainError
from ringmain_server.telemetry.faults import Faults, harmless
from ringmain_server.telemetry.metrics import Metrics
from ringmain_server.telemetry.reporter import Reporter
from ringmain_server.text.excerpt import excerpt


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

    @harmless
    def began(self, call: Call, request: Message | None) -> None:
        """Records that a call began, and keeps what its request names for the line at its end.

        Args:
            call: The call.
            request: Its request, None where it comes in several messages.
        """
        if request is not None:
            _name(call, request)
        self._metrics.began(call.method)

    @harmless
    def named(self, call: Call, request: Message) -> None:
        """Keeps what the configuration of a request of several messages names."""
        _name(call, request)

    @harmless
    def answered(self, call: Call, last: Message) -> None:
        """Reads the usage from the whole answer, or from the last event of a stream."""
        finished = getattr(last, "finished", last)
        usage = getattr(finished, "usage", None)
        if isinstance(usage, Usage):
            call.usage = usage

    @harmless
    def succeeded(self, call: Call, seconds: float) -> None:
        """Records that the caller has the whole answer."""
        self._metrics.ended(call, "OK", seconds)
        self._report(call)
        fields = _fields(call, "OK", seconds)
        if call.usage is not None and not call.replayed:
            _count(fields, call.usage)
        self._write("call", **fields)

    @harmless
    def failed(self, call: Call, error: RingmainError, seconds: float) -> None:
        """Records that the caller gets an error."""
        code = error.code.name
        self._metrics.ended(call, code, seconds)
        self._report(call, error)
        write = self._log.error if isinstance(error, Internal) else self._log.warning
        write("call", **_fields(call, code, seconds, reason=error.reason, error=error.message))

    @harmless
    def cancelled(self, call: Call, seconds: float) -> None:
        """Records that the caller left."""
        self._metrics.ended(call, "CANCELLED", seconds)
        self._report(call)
        fields = _fields(call, "CANCELLED", seconds)
        if call.attempts and call.attempts[-1].usage is not None:
            _count(fields, call.attempts[-1].usage)
        self._write("call", **fields)

    @harmless
    def crashed(self, call: Call, exc: BaseException) -> None:
        """Logs an unknown exception that reached the edge; the caller gets no details of it."""
        self._log.error("fault", response_id=call.response_id, method=call.method, exc_info=exc)

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


def _name(call: Call, request: Message) -> None:
    call.model = getattr(request, "model", "")
    call.request_id = getattr(request, "request_id", "")


def _fields(call: Call, code: str, seconds: float, **more: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "code": code,
        **more,
        "method": call.method,
        "response_id": call.response_id,
        "ms": round(seconds * 1000, 1),
    }
    if call.trace_id:
        fields["trace_id"] = call.trace_id
    if call.request_id:
        fields["request_id"] = excerpt(call.request_id)
    if call.model:
        fields["model"] = excerpt(call.model)
    if call.answer_id:
        fields["answer_id"] = call.answer_id
    if call.replayed:
        fields["replayed"] = True
    if call.parts:
        fields["parts"] = len(call.parts)
    if call.attempts:
        last = call.attempts[-1].candidate
        fields["provider"] = last.provider_id
        fields["provider_model"] = excerpt(last.provider_model)
        failed = [
            f"{excerpt(a.candidate.name)}: {a.error.message}" for a in call.attempts if a.error is not None
        ]
        if failed:
            fields["failed_attempts"] = failed
    return fields


def _count(fields: dict[str, object], usage: Usage) -> None:
    fields["input_tokens"] = usage.input_token_count
    fields["output_tokens"] = usage.output_token_count
    if usage.estimated:
        fields["estimated"] = True
    if usage.HasField("cost_nano_usd"):
        fields["cost_nano_usd"] = usage.cost_nano_usd
