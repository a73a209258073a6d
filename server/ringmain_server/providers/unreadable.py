"""Room 4, pure: a provider's answer that a translator cannot read, for whatever reason.

Nobody foresees every shape that an answer may have. What a translator raises while it reads one, other than
an error of the house, means that this answer cannot be read; another candidate's may.
"""

import traceback
from collections.abc import Mapping
from pathlib import PurePath

from ringmain_server.errors import AnswerUnreadable, ProviderError
from ringmain_server.providers.http_errors import by_status
from ringmain_server.providers.transport import ErrorMap
from ringmain_server.text.excerpt import excerpt

_FRAMES = 12
"""Innermost frames that are told."""


def unreadable(provider_id: str, exc: Exception) -> AnswerUnreadable:
    """The failure of an answer at which a translator raised an exception that it should not have."""
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
    """What a status that is not a success means; by the status alone where the body cannot be read."""
    try:
        return error_map(provider_id, status, headers, body)
    except Exception:  # noqa: BLE001 - bodies and headers may be of any shape, and the status says enough
        return by_status(provider_id, status, {}, "", now)
