"""Client: pictures that a model drew or changed. Pure, but for files that it writes."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ringmain import files
from ringmain.settled import Settled
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media

if TYPE_CHECKING:
    import PIL.Image

DrawnProto = image_pb2.GenerateImagesResponse | image_pb2.EditImagesResponse


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that a model drew or changed."""

    data: bytes = field(repr=False)
    """The file."""
    mime_type: str
    """Its media type."""
    revised_prompt: str = ""
    """The description that the provider drew, where it rewrote yours."""
    note: str = ""
    """How it differs from what you asked: the nearest size that the model has, say."""

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file, whole or not at all.

        Args:
            path: Without a suffix, the usual one is added.

        Returns:
            Where it is.

        Raises:
            OSError: It cannot be written.
        """
        return files.save(path, self.data, self.mime_type)

    def to_pil(self) -> "PIL.Image.Image":
        """Return it as Pillow's image.

        Raises:
            ImportError: Pillow is not installed.
        """
        import PIL.Image

        return PIL.Image.open(BytesIO(self.data))

    def media(self) -> Media:
        """Return it as the contract has it, to send it on."""
        return Media(mime_type=self.mime_type, data=self.data)

    def _repr_png_(self) -> bytes | None:
        """Notebooks show it."""
        return self.data if self.mime_type == "image/png" else None

    def _repr_jpeg_(self) -> bytes | None:
        """Notebooks show it."""
        return self.data if self.mime_type == "image/jpeg" else None


@dataclass(frozen=True, slots=True)
class Images(Settled, Sequence[Image]):
    """Pictures: a sequence of `Image`."""

    proto: DrawnProto = field(repr=False)
    """The response as it came."""

    def __getitem__(self, index: Any) -> Any:
        """Return a picture, or several."""
        if isinstance(index, slice):
            return [_image(one) for one in self.proto.images[index]]
        return _image(self.proto.images[index])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.proto.images)

    def save(self, path: str | os.PathLike[str]) -> list[Path]:
        """Write every picture: one under the name itself, several with `-1`, `-2` … before the suffix.

        Raises:
            OSError: One cannot be written.
        """
        if len(self) == 1:
            return [self[0].save(path)]
        target = Path(path)
        names = (
            target.with_name(f"{target.stem}-{number}{target.suffix}") for number in range(1, len(self) + 1)
        )
        return [picture.save(name) for picture, name in zip(self, names, strict=True)]


def _image(one: image_pb2.GeneratedImage) -> Image:
    return Image(one.media.data, one.media.mime_type, one.revised_prompt, one.note)


@dataclass(frozen=True, slots=True)
class Upscaled(Settled):
    """An enlarged picture."""

    proto: image_pb2.UpscaleImageResponse = field(repr=False)
    """The response as it came."""

    @property
    def image(self) -> Image:
        """The picture."""
        return Image(self.proto.image.data, self.proto.image.mime_type)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file; see `Image.save`."""
        return self.image.save(path)


@dataclass(frozen=True, slots=True)
class Preview:
    """An unfinished picture of one that is being drawn."""

    index: int
    """Which one, from 0."""
    image: Image
    """How it looks so far."""


class ImageFold:
    """Folds the events of a stream of images into the answer that the whole call would have given."""

    def __init__(self, made: type[DrawnProto]) -> None:
        """Start with nothing.

        Args:
            made: The type of the response.
        """
        self._response: DrawnProto = made()
        self._pieces: dict[int, list[bytes]] = {}
        self._mime_types: dict[int, str] = {}
        self.finished = False

    def add(self, event: image_pb2.ImageEvent) -> None:
        """Take the next event. Kinds of event newer than this client are skipped."""
        match event.WhichOneof("event"):
            case "started":
                self._response.response_id = event.started.response_id
            case "chunk":
                index = event.chunk.image_index
                self._pieces.setdefault(index, []).append(event.chunk.data)
                self._mime_types.setdefault(index, event.chunk.mime_type)
            case "finished":
                self._finish(event.finished)

    @staticmethod
    def preview(event: image_pb2.ImageEvent) -> Preview | None:
        """Return the preview in an event, None if it is another."""
        if event.WhichOneof("event") != "preview":
            return None
        media = event.preview.media
        return Preview(event.preview.image_index, Image(media.data, media.mime_type))

    def images(self) -> Images:
        """Return what was drawn, once `finished`."""
        return Images(self._response)

    def _finish(self, finished: image_pb2.ImageFinished) -> None:
        prompts, notes = dict(enumerate(finished.revised_prompts)), dict(enumerate(finished.notes))
        for index in sorted(self._pieces):
            image = self._response.images.add(
                revised_prompt=prompts.get(index, ""), note=notes.get(index, "")
            )
            image.media.mime_type = self._mime_types[index]
            image.media.data = b"".join(self._pieces.pop(index))
        for name in ("usage", "route"):
            if finished.HasField(name):
                getattr(self._response, name).CopyFrom(getattr(finished, name))
        self.finished = True
