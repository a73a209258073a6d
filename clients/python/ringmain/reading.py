"""Client: answers about images, pages of documents, and vectors. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ringmain._accounted import Accounted
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.routing_pb2 import Route
from ringmain.v1.usage_pb2 import Usage


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a document. `str(page)` is its Markdown."""

    number: int
    """The number of the page, from 1."""
    markdown: str
    """The content of the page, with descriptions of its pictures."""
    usage: Usage | None = None
    """The tokens that the page used. None if no model was asked."""
    error: str = ""
    """The reason why the page could not be read, or not all of it. Empty on success."""
    route: Route | None = None
    """The way of the page's request through the gateway. None if no model was asked."""

    def __str__(self) -> str:
        """Returns the Markdown."""
        return self.markdown


def page_of(proto: vision_pb2.DocumentPage) -> Page:
    """Returns a page as plain Python."""
    return Page(
        proto.page_number,
        proto.markdown,
        proto.usage if proto.HasField("usage") else None,
        proto.error.message if proto.HasField("error") else "",
        proto.route if proto.HasField("route") else None,
    )


@dataclass(frozen=True, slots=True)
class Embeddings(Accounted, Sequence[Sequence[float]]):
    """A sequence of vectors, in the order of the texts and then of the media."""

    proto: embedding_pb2.EmbedResponse = field(repr=False)
    """The response of the gateway."""

    def __getitem__(self, index: Any) -> Any:
        """Returns a vector, or a list of vectors for a slice."""
        if isinstance(index, slice):
            return [one.values for one in self.proto.embeddings[index]]
        return self.proto.embeddings[index].values

    def __len__(self) -> int:
        """Returns the number of vectors."""
        return len(self.proto.embeddings)
