"""Client: what the threaded and the asyncio calls for media have in common. Pure."""

from typing import Any, Protocol

from ringmain._base import CallArguments
from ringmain._media_requests import CallOptions
from ringmain.reading import Page, page_of
from ringmain.v1.vision_service_pb2 import ReadDocumentEvent

EMPTY: Any = object()
"""Stands for an event that shows nothing."""


class Context(Protocol):
    """What a client knows and each of its calls needs."""

    @property
    def default_model(self) -> str:
        """The model of calls that name none."""
        ...

    def call_arguments(self, timeout: float | None = None) -> CallArguments:
        """Return the deadline and metadata of a call."""
        ...


def arguments(client: Context, options: CallOptions) -> CallArguments:
    """Return the deadline and metadata of a call with these options; None is no deadline at all."""
    found = client.call_arguments(options.get("timeout"))
    if "timeout" in options:
        found["timeout"] = options["timeout"]
    return found


def named(client: Context, options: Any) -> Any:
    """Return the options with the client's model where they name none."""
    return {**options, "model": options.get("model") or client.default_model}


class PageShow:
    """Shows the pages among the events of a document."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.finished = False

    def __call__(self, event: ReadDocumentEvent) -> Page:
        """Return the page of an event, `EMPTY` for any other event."""
        kind = event.WhichOneof("event")
        if kind == "finished":
            self.finished = True
        return page_of(event.page) if kind == "page" else EMPTY
