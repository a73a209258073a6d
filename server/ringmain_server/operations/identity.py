"""Room 3, pure: writes the response id into answers."""

from typing import Any


def identify(response: Any, response_id: str) -> None:
    """Writes the id into a whole answer. See `Operation.identify`."""
    response.response_id = response_id


def identify_last(event: Any, response_id: str) -> None:
    """Writes the id into the last event of a stream. See `Operation.identify`."""
    event.finished.response_id = response_id
