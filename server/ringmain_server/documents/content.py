"""Documents, pure: the content of a page, and the interface of every kind of document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Text:
    """Paragraphs, headings, lists and tables as Markdown, without blank lines at its ends."""

    markdown: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a page, at its place among the blocks.

    Attributes:
        data: The file.
        mime_type: The type, from its bytes.
        width: In pixels.
        height: In pixels.
        alt: The document's description of it; empty where there is none.
    """

    data: bytes
    mime_type: str
    width: int
    height: int
    alt: str = ""


Block = Text | Picture


@dataclass(frozen=True, slots=True)
class PageContent:
    """The content of a page.

    Attributes:
        number: The page's number, from 1.
        blocks: The blocks in reading order.
    """

    number: int
    blocks: tuple[Block, ...]

    @property
    def pictures(self) -> list[Picture]:
        """The pictures, in reading order."""
        return [block for block in self.blocks if isinstance(block, Picture)]


def page_markdown(page: PageContent, descriptions: Sequence[str] = ()) -> str:
    """Formats a page as Markdown.

    Args:
        page: The page.
        descriptions: Descriptions of `page.pictures`, in their order. A picture without one is described by
            the
            document's own words.
    """
    pieces, told = [], iter(descriptions)
    for block in page.blocks:
        if isinstance(block, Text):
            pieces.append(block.markdown)
        else:
            pieces.append(next(told, "").strip() or (f"*[{block.alt}]*" if block.alt else ""))
    return "\n\n".join(piece for piece in pieces if piece)


@runtime_checkable
class Document(Protocol):
    """An opened document; see the package's docstring."""

    @property
    def mime_type(self) -> str:
        """The document's media type."""
        ...

    @property
    def page_count(self) -> int:
        """The number of pages, at least one."""
        ...

    def page(self, number: int) -> PageContent:
        """Reads the content of a page.

        Args:
            number: The page's number, from 1.

        Raises:
            IndexError: There is no such page.
            MediaInvalid: The page cannot be read.
        """
        ...

    def page_image(self, number: int) -> Picture:
        """Draws a page as one picture.

        Args:
            number: The page's number, from 1.

        Raises:
            IndexError: There is no such page.
            MediaInvalid: The page cannot be drawn, or documents of this type have no pages to draw.
        """
        ...

    def close(self) -> None:
        """Releases the document's resources. A second call does nothing."""
        ...
