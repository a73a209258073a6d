"""Room 4, pure: tells whether a request passes its own options to a provider (`provider_options`).

Such options may ask for answers of other shapes, and name things that only this caller can see. So failures
that they cause count against no candidate.
"""

from google.protobuf.message import Message

from ringmain_server.errors import ProviderError

_CONFIGS = ("generation_config", "image_config")
_WITHIN = ("chat", "generate", "edit")
"""Fields that hold another request."""


def passes_options(request: object) -> bool:
    """Whether a request of any operation has such options."""
    if not isinstance(request, Message):
        return False
    fields = request.DESCRIPTOR.fields_by_name
    if any(name in fields and getattr(request, name).provider_options for name in _CONFIGS):
        return True
    return any(
        name in fields and request.HasField(name) and passes_options(getattr(request, name))
        for name in _WITHIN
    )


class BlameOptions:
    """Lets failures pass, and marks those that the request's own options may have caused.

    Args:
        request: The caller's request.
    """

    __slots__ = ("_request",)

    def __init__(self, request: object) -> None:
        self._request = request

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, ProviderError):
            error.by_options = passes_options(self._request)
