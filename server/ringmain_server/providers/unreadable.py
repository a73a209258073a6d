"""Room 4, pure: handles answers that a translator cannot read, for whatever reason.

Nobody foresees every shape of an answer. If a translator raises anything but a RingmainError while it reads
one, this answer is unreadable; another candidate's may be fine.
"""

import traceback
from collections.abc import Mapping
from pathlib import PurePath

from ringmain_server.errors import AnswerUnreadable, ProviderError
from ringmain_server.providers.http_errors import by_status
from ringmain_server.providers.transport import ErrorMap
from ringmain_server.text.excerpt import excerpt

_FRAMES = 12
"""The number of innermost frames that are reported."""


def unreadable(provider_id: str, exc: Exception) -> AnswerUnreadable:
    """Returns the failure of an answer at which a translator raised an unexpected exception."""
    frames = [
        (f"{PurePath(frame.f_code.co_filename).name}:{line}", frame.f_code.co_name)
        for frame, line in traceback.walk_tb(exc.__traceback__)
    ][-_FRAMES:]
    trace = [f"{place} in {name}" for place, name in frames]
    said = f"{type(exc).__name__}: {excerpt(str(exc))}"
    error = AnswerUnreadable(provider_id, "answered what could not be read")
    error.where = f"{type(exc).__name__} at {frames[-1][0] if frames else 'an unknown place'}"
    error.trace = "\n".join((*trace, said))
    return error


def explained(
    error_map: ErrorMap, provider_id: str, status: int, headers: Mapping[str, str], body: bytes, now: float
) -> ProviderError:
    """Returns the failure that an unsuccessful status means, by the status alone for an unreadable body."""
    try:
        return error_map(provider_id, status, headers, body)
    except Exception:  # noqa: BLE001 - bodies and headers may have any shape, and the status is enough
        return by_status(provider_id, status, {}, "", now)
