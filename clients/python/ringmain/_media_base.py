"""Client: functions and classes that the media calls over threads and over asyncio share. Pure."""

from typing import Any, Protocol

from ringmain._base import CallArguments
from ringmain._request import SharedOptions
from ringmain.pictures import ImageFold, Preview
from ringmain.reading import Page, page_of
from ringmain.v1.image_service_pb2 import ImageEvent
from ringmain.v1.vision_service_pb2 import ReadDocumentEvent

EMPTY: Any = object()
"""The value for an event that has nothing to show."""


class Context(Protocol):
    """The part of a client that its media calls use."""

    @property
    def default_model(self) -> str:
        """The model of calls that name none."""
        ...

    def call_arguments(self, timeout: float | None = None) -> CallArguments:
        """Returns the deadline and metadata of a call."""
        ...


def arguments(client: Context, options: SharedOptions) -> CallArguments:
    """Returns the deadline and metadata of a call with these options.

    A timeout of None among the options means no deadline, while an absent one means the client's.
    """
    found = client.call_arguments(options.get("timeout"))
    if "timeout" in options:
        found["timeout"] = options["timeout"]
    return found


def named(client: Context, options: Any) -> Any:
    """Returns the options with the client's model where they name none."""
    return {**options, "model": options.get("model") or client.default_model}


def shown_preview(fold: ImageFold, event: ImageEvent) -> Preview:
    """Adds an event of a stream of images to the fold, and returns its preview, or `EMPTY`."""
    fold.add(event)
    return fold.preview(event) or EMPTY


class PageFold:
    """Follows the events of a document that is being read."""

    def __init__(self) -> None:
        """Starts without events."""
        self.finished = False

    def add(self, event: ReadDocumentEvent) -> Page:
        """Takes the next event, and returns its page, or `EMPTY`."""
        kind = event.WhichOneof("event")
        if kind == "finished":
            self.finished = True
        return page_of(event.page) if kind == "page" else EMPTY
