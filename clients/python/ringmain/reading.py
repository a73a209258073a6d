"""Client: answers about images and documents, and vectors. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ringmain.settled import Settled
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.usage_pb2 import Usage


@dataclass(frozen=True, slots=True)
class Sight(Settled):
    """An answer about images. `str(answer)` is its text."""

    proto: vision_pb2.AnalyzeImagesResponse
    """The response as it came."""

    @property
    def text(self) -> str:
        """The answer."""
        return self.proto.text

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a document. `str(page)` is its Markdown."""

    number: int
    """From 1."""
    markdown: str
    """Its content, the descriptions of its pictures included."""
    usage: Usage | None = None
    """What it consumed. None where no model was asked."""
    error: str = ""
    """Why it could not be read, or not all of it. Empty on success."""

    def __str__(self) -> str:
        """Return the Markdown."""
        return self.markdown


def page_of(proto: vision_pb2.DocumentPage) -> Page:
    """Return a page as plain Python."""
    return Page(
        proto.page_number,
        proto.markdown,
        proto.usage if proto.HasField("usage") else None,
        proto.error.message if proto.HasField("error") else "",
    )


@dataclass(frozen=True, slots=True)
class Embeddings(Settled, Sequence[Sequence[float]]):
    """Vectors, in the order of the texts."""

    proto: embedding_pb2.EmbedResponse = field(repr=False)
    """The response as it came."""

    def __getitem__(self, index: Any) -> Any:
        """Return a vector, or several."""
        if isinstance(index, slice):
            return [one.values for one in self.proto.embeddings[index]]
        return self.proto.embeddings[index].values

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.proto.embeddings)
