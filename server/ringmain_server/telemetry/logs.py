"""Structured logs: readable on a terminal, JSON otherwise, secrets masked, also in a rotating file."""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import FilteringBoundLogger, Processor

from ringmain_server.config import LogSettings

MASK = "********"

_KEY_LIKE = (
    r"(?:sk|gsk|xai|pk|rk)[-_][A-Za-z0-9_-]{8,}"
    r"|[Bb]earer\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|AIza[A-Za-z0-9_-]{20,}"
)
_KEY_HINTS = ("sk-", "sk_", "xai-", "xai_", "pk-", "pk_", "rk-", "rk_", "earer", "AIza")
"""What every match of the pattern contains."""
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_SHORTEST_SECRET = 6
"""A shorter secret would mask ordinary words."""


class Mask:
    """Replaces secrets in text: those of the configuration, and whatever looks like a provider's key.

    Args:
        secrets: The secrets of the configuration.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: frozenset[str] = frozenset()
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """There are more secrets, from another configuration; the old ones stay secret."""
        self._secrets |= {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        # Longest first, so that a secret which begins with another is masked whole.
        known = sorted(self._secrets, key=lambda secret: (-len(secret), secret))
        self._pattern = re.compile("|".join([*map(re.escape, known), _KEY_LIKE]))
        self._hints = (*known, *_KEY_HINTS)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        # Plain searches cost a tenth of the pattern, and nearly every line is free of secrets.
        if any(hint in text for hint in self._hints):
            return self._pattern.sub(MASK, text)
        return text


class _Sink:
    """Writes finished lines; one write a line, so that processes sharing a pipe do not mix theirs."""

    def __init__(self, stream: TextIO, file: RotatingFileHandler | None) -> None:
        self._stream = stream
        self._file = file

    def msg(self, line: tuple[str, str]) -> None:
        shown, filed = line
        try:
            self._stream.write(shown + "\n")
            self._stream.flush()
        except OSError:
            pass  # nobody reads any more: no reason to fail whoever writes
        if self._file is not None:
            self._file.emit(logging.LogRecord("ringmain", logging.INFO, "", 0, filed, None, None))

    log = debug = info = warn = warning = error = critical = fatal = failure = exception = msg


def make_log(
    settings: LogSettings,
    secrets: Iterable[str] | Mask = (),
    *,
    stream: TextIO | None = None,
    worker: int | None = None,
) -> FilteringBoundLogger:
    """The logger of the process.

    Args:
        settings: What is logged, and how.
        secrets: What must never appear, or a mask that goes on learning what that is.
        stream: Where lines go, standard error by default.
        worker: The number of this worker process, which gets a log file of its own; None if there is one.
    """
    out = sys.stderr if stream is None else stream
    console = settings.format == "console" or (settings.format == "auto" and out.isatty())
    file = _file(settings, worker)
    mask = secrets if isinstance(secrets, Mask) else Mask(secrets)
    logger: FilteringBoundLogger = structlog.wrap_logger(
        _Sink(out, file),
        processors=[
            _stamp,
            _Render(_console(out) if console else None, mask, filed=file is not None),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
        cache_logger_on_first_use=True,
    )
    # Bound now: a logger that is not yet bound would be bound anew for every line.
    bound: FilteringBoundLogger = logger.bind() if worker is None else logger.bind(worker=worker)
    return bound


def _stamp(_: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Level and time, quicker than structlog's general processors: every call comes by here."""
    event["level"] = name
    event["timestamp"] = f"{datetime.now(UTC).replace(tzinfo=None).isoformat()}Z"
    return event


class _Render:
    """The last processor: fields to a line for people or a line of JSON, masked."""

    def __init__(self, console: Processor | None, mask: Mask, *, filed: bool) -> None:
        self._console = console
        self._mask = mask
        self._filed = filed

    def __call__(self, logger: Any, name: str, event: MutableMapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        if self._console is None:
            line = self._mask(_json(dict(event)))
            return ((line, line),), {}
        filed = self._mask(_json(dict(event))) if self._filed else ""
        return ((self._mask(str(self._console(logger, name, event))), filed),), {}


def _json(event: dict[str, Any]) -> str:
    exc = event.pop("exc_info", None)
    if exc is not None:
        event["exception"] = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)(
            (type(exc), exc, exc.__traceback__)
        )
    head = {"time": event.pop("timestamp"), "level": event.pop("level"), "event": event.pop("event")}
    ordered = {**head, **event}
    return orjson.dumps(ordered, default=str).decode()


def _console(stream: TextIO) -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )


def _file(settings: LogSettings, worker: int | None) -> RotatingFileHandler | None:
    if settings.file is None:
        return None
    # Two processes that rotate one file lose lines, so that each worker has its own.
    path = settings.file.path if worker is None else f"{settings.file.path}.{worker}"
    handler = RotatingFileHandler(
        path, maxBytes=settings.file.max_bytes, backupCount=settings.file.backup_count, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler
