"""Telemetry: structured logs, readable on a terminal and JSON elsewhere, with secrets masked."""

import logging
import re
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import orjson
import structlog
from structlog.typing import FilteringBoundLogger, Processor

from ringmain_server.config import LogSettings
from ringmain_server.policies.repeats import Repeats
from ringmain_server.telemetry.lines import Losses, Write, destination, file_destination
from ringmain_server.text.excerpt import excerpt

MASK = "********"

_KEY_LIKE = (
    r"(?:sk|gsk|xai|pk|rk)[-_][A-Za-z0-9_-]{8,}"
    r"|[Bb]earer\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|AIza[A-Za-z0-9_-]{20,}"
    r"|rm_[0-9a-z]{16}_[A-Za-z0-9_-]{16,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"
)
"""Keys of providers, keys of this gateway, and tokens."""
_HINTS = ("k-", "k_", "xai", "earer", "AIza", "rm_0", "eyJ")
"""Strings of which every match of the pattern contains one: few, since every line is searched for each."""
_SURE_HINTS = ("sk-", "sk_", "pk-", "pk_", "rk-", "rk_", "xai-", "xai_", "earer", "AIza", "rm_0", "eyJ")
"""The same, but seldom found in ordinary words."""
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_LINE_LIMIT = 4096
"""The most bytes of a line."""
_TRACEBACK_LIMIT = 8 * _LINE_LIMIT
"""The most bytes of a line with a traceback."""
_STEPS = ((500, 32), (200, 16), (64, 8), (24, 4))
"""The most characters of a text, and items of a list, in a line that is too long; tried in this order."""
_PAUSE = 1.0
"""Seconds between two lines of one library's logger."""
_SHORTEST_SECRET = 6
"""Shorter secrets are not masked, since they would mask ordinary words."""


class Mask:
    """Replaces secrets in text: those of the configuration, and anything that looks like a key or a token.

    Args:
        secrets: The secrets of the configuration.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: frozenset[str] = frozenset()
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Adds secrets of another configuration; the earlier ones stay secret."""
        self._secrets |= {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        # Longest first, so that a secret which begins with another is masked whole.
        known = sorted(self._secrets, key=lambda secret: (-len(secret), secret))
        self._pattern = re.compile("|".join([*map(re.escape, known), _KEY_LIKE]))
        self._hints = (*known, *_HINTS)
        self._sure_hints = (*known, *_SURE_HINTS)

    def __call__(self, text: str) -> str:
        """Returns the text without secrets."""
        # Plain searches cost a tenth of the pattern, and nearly every line is free of secrets.
        for hint in self._hints:
            if hint in text:
                return self._without_secrets(text)
        return text

    def _without_secrets(self, text: str) -> str:
        found = any(hint in text for hint in self._sure_hints)
        return self._pattern.sub(MASK, text) if found else text


class _Sink:
    """Formats lines, masks secrets in them and passes them on.

    Args:
        out: Writes lines.
        console: Renders lines for people, None for lines of JSON.
        file: Writes lines of JSON to a file, None for no file.
        mask: Applied to every line.
    """

    def __init__(self, out: Write, console: Processor | None, file: Write | None, mask: Mask) -> None:
        self._out = out
        self._console = console
        self._file = file
        self._mask = mask

    def write(self, level: str, event: str | None, fields: dict[str, Any]) -> None:
        """Writes a line."""
        now = datetime.now(UTC)
        json = ""
        if self._file or not self._console:
            json = self._mask(_json(now, level, event, fields, self._mask))
        shown = json
        if self._console is not None:
            stamp = f"{now.replace(tzinfo=None).isoformat()}Z"
            readable = {**fields, "event": event, "level": level, "timestamp": stamp}
            shown = self._mask(self._rendered(level, readable))
        self._out(f"{shown}\n")
        if self._file is not None:
            self._file(f"{json}\n")

    def _rendered(self, level: str, fields: dict[str, Any]) -> str:
        """Returns the line for people. It shortens the fields first: rendering megabytes takes seconds."""
        assert self._console is not None
        shown = ""
        limit = _LINE_LIMIT if fields.get("exc_info") is None else _TRACEBACK_LIMIT
        for step in _STEPS:
            shown = str(self._console(self, level, _shortened(fields, self._mask, *step)))
            if len(shown.encode()) <= limit:
                break
        return shown


def _direct(level: int) -> type[FilteringBoundLogger]:
    """Returns structlog's logger for a level without its chain of processors: every call writes a line."""
    filtering: Any = structlog.make_filtering_bound_logger(level)

    class Direct(filtering):  # type: ignore[misc]
        """A logger that passes each line straight to the sink."""

        def _proxy_to_logger(self, method_name: str, event: str | None = None, **event_kw: Any) -> None:
            self._logger.write(method_name, event, {**self._context, **event_kw})

    for name, number in _LEVELS.items():
        if number >= level:
            setattr(Direct, name, _method(name))
    return cast("type[FilteringBoundLogger]", Direct)


def _method(level: str) -> Callable[..., None]:
    """Returns a method that logs at a level, without the interpolation of structlog's own."""

    def method(self: Any, event: str | None = None, **fields: Any) -> None:
        self._logger.write(level, event, {**self._context, **fields} if self._context else fields)

    return method


def make_log(
    settings: LogSettings,
    secrets: Iterable[str] | Mask = (),
    *,
    stream: TextIO | None = None,
    worker: int | None = None,
    losses: Losses | None = None,
) -> FilteringBoundLogger:
    """Makes the logger of the process. Logging never blocks.

    Args:
        settings: The level, format and file of the log.
        secrets: Texts that must never appear, or a mask that goes on learning them.
        stream: The stream to write to; standard error by default.
        worker: The number of this worker process, which gets a log file of its own; None if there is only
            one.
        losses: Counts the lines that could not be written.
    """
    lost = losses or Losses()
    out = sys.stderr if stream is None else stream
    console = settings.format == "console" or (settings.format == "auto" and out.isatty())
    file = _file(settings, worker, lost)
    mask = secrets if isinstance(secrets, Mask) else Mask(secrets)
    logger: FilteringBoundLogger = structlog.wrap_logger(
        _Sink(destination(out, lost), _console(out) if console else None, file, mask),
        processors=[],
        wrapper_class=_direct(_LEVELS[settings.level]),
        cache_logger_on_first_use=True,
    )
    # Bound once: structlog would bind an unbound logger again for every line.
    bound: FilteringBoundLogger = logger.bind() if worker is None else logger.bind(worker=worker)
    return bound


def _json(now: datetime, level: str, event: str | None, fields: dict[str, Any], mask: Mask) -> str:
    line: dict[str, Any] = {"time": now, "level": level, "event": event, **fields}
    limit = _LINE_LIMIT
    exc = line.pop("exc_info", None)
    if exc is not None:
        limit = _TRACEBACK_LIMIT
        line["exception"] = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)(
            (type(exc), exc, exc.__traceback__)
        )
    found = _dumped(line)
    if found and len(found) <= limit:
        return found.decode()
    for step in _STEPS:
        found = _dumped(_shortened(line, mask, *step))
        if len(found) <= limit:
            break
    return found.decode()


def _dumped(line: dict[str, Any]) -> bytes:
    """Returns the line as JSON; empty if it holds a lone surrogate, which UTF-8 cannot encode."""
    try:
        return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z)
    except TypeError:
        return b""


def _shortened(value: Any, mask: Mask, text: int, items: int) -> Any:
    """Returns a copy with texts cut and escaped and lists cut, at every depth.

    Secrets are masked first, since a mask would not recognize a secret that was cut in the middle.
    """
    if isinstance(value, str):
        return excerpt(mask(value[: 4 * text]), text)
    if isinstance(value, dict):
        return {excerpt(str(name), text): _shortened(one, mask, text, items) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        kept = [_shortened(one, mask, text, items) for one in list(value)[:items]]
        return kept if len(value) <= items else [*kept, f"and {len(value) - items} more"]
    if value is None or isinstance(value, int | float | datetime | BaseException):
        return value
    return _shortened(str(value), mask, text, items)


def _console(stream: TextIO) -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )


def _file(settings: LogSettings, worker: int | None, losses: Losses) -> Write | None:
    if settings.file is None:
        return None
    # Two processes that rotate one file lose lines, so each worker has its own.
    path = settings.file.path if worker is None else f"{settings.file.path}.{worker}"
    return file_destination(path, settings.file.max_bytes, settings.file.backup_count, losses)


class Foreign(logging.Handler):
    """Takes what libraries log through Python's `logging`, and writes it to the gateway's log.

    Args:
        log: The gateway's log.
    """

    def __init__(self, log: FilteringBoundLogger) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._repeats: Repeats[str] = Repeats(time.monotonic, _PAUSE)

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record, at most one a second for each logger."""
        if not (count := self._repeats.happened(record.name)):
            return
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001  a library's malformed record must not fail here
            message = str(record.msg)
        write = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        exc = record.exc_info[1] if record.exc_info else None
        more = {} if exc is None else {"exc_info": exc}
        write("library", logger=record.name, message=message, count=count, **more)


def adopt_libraries(log: FilteringBoundLogger) -> None:
    """Sends what libraries log to the gateway's log instead of standard error."""
    logging.raiseExceptions = False
    logging.getLogger().addHandler(Foreign(log))
    logging.captureWarnings(True)
