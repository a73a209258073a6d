"""Documents, pure: what a page holds, and the interface of every kind of document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Text:
    """Paragraphs, headings, lists and tables, as Markdown without a blank line at its ends."""

    markdown: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a page, at its place among the blocks.

    Attributes:
        data: The file.
        mime_type: Found in its bytes.
        width: In pixels.
        height: In pixels.
        alt: What the document says is in it; empty where it says nothing.
    """

    data: bytes
    mime_type: str
    width: int
    height: int
    alt: str = ""


Block = Text | Picture


@dataclass(frozen=True, slots=True)
class PageContent:
    """What a page holds.

    Attributes:
        number: From 1.
        blocks: In reading order.
    """

    number: int
    blocks: tuple[Block, ...]

    @property
    def pictures(self) -> list[Picture]:
        """Its pictures, in reading order."""
        return [block for block in self.blocks if isinstance(block, Picture)]


def page_markdown(page: PageContent, descriptions: Sequence[str] = ()) -> str:
    """A page as Markdown.

    Args:
        page: The page.
        descriptions: What stands for each of `page.pictures`, in their order. Of those without one, what the
            document itself says of them is told.
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
        """Its media type."""
        ...

    @property
    def page_count(self) -> int:
        """How many pages it has, at least one."""
        ...

    def page(self, number: int) -> PageContent:
        """What the page of this number holds, from 1.

        Raises:
            IndexError: There is no such page.
            MediaInvalid: The page cannot be read.
        """
        ...

    def page_image(self, number: int) -> Picture:
        """The page of this number as one picture.

        Raises:
            IndexError: There is no such page.
            MediaInvalid: The page cannot be drawn, or documents of this type have no pages to draw.
        """
        ...

    def close(self) -> None:
        """Gives back what it holds. A second call does nothing."""
        ...
