"""Client: pictures that a model drew or changed. Pure, except that it writes files."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ringmain import files
from ringmain._accounted import Accounted
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media

if TYPE_CHECKING:
    import PIL.Image

DrawnProto = image_pb2.GenerateImagesResponse | image_pb2.EditImagesResponse


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that a model drew or changed."""

    data: bytes = field(repr=False)
    """The bytes of the file."""
    mime_type: str
    """The media type of the file."""
    revised_prompt: str = ""
    """The description that the provider used, if it rewrote yours."""
    note: str = ""
    """A note on any difference from the request, such as another size."""

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the picture to a file, whole or not at all.

        Args:
            path: The path. Without a suffix, it gets the usual one of the media type.

        Returns:
            The path of the file.

        Raises:
            OSError: The file cannot be written.
        """
        return files.save(path, self.data, self.mime_type)

    def to_pil(self) -> "PIL.Image.Image":
        """Returns the picture as an image of Pillow.

        Raises:
            ImportError: Pillow is not installed.
        """
        import PIL.Image

        return PIL.Image.open(BytesIO(self.data))

    def media(self) -> Media:
        """Returns the picture as a message of the contract, which can be sent."""
        return Media(mime_type=self.mime_type, data=self.data)

    def _repr_png_(self) -> bytes | None:
        """Returns the bytes of a PNG, which notebooks show, or None for another format."""
        return self.data if self.mime_type == "image/png" else None

    def _repr_jpeg_(self) -> bytes | None:
        """Returns the bytes of a JPEG, which notebooks show, or None for another format."""
        return self.data if self.mime_type == "image/jpeg" else None


@dataclass(frozen=True, slots=True)
class Images(Accounted, Sequence[Image]):
    """A sequence of pictures, each an `Image`."""

    proto: DrawnProto = field(repr=False)
    """The response of the gateway."""

    def __getitem__(self, index: Any) -> Any:
        """Returns a picture, or a list of pictures for a slice."""
        if isinstance(index, slice):
            return [_image(one) for one in self.proto.images[index]]
        return _image(self.proto.images[index])

    def __len__(self) -> int:
        """Returns the number of pictures."""
        return len(self.proto.images)

    def save(self, path: str | os.PathLike[str]) -> list[Path]:
        """Writes every picture to a file, and returns the paths.

        One picture gets the given name. Several pictures get `-1`, `-2` and so on before the suffix.

        Raises:
            OSError: A file cannot be written.
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
class Upscaled(Accounted):
    """An enlarged picture."""

    proto: image_pb2.UpscaleImageResponse = field(repr=False)
    """The response of the gateway."""

    @property
    def image(self) -> Image:
        """The enlarged picture."""
        return Image(self.proto.image.data, self.proto.image.mime_type)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the picture to a file. See `Image.save`."""
        return self.image.save(path)


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview of a picture that a model is still drawing."""

    index: int
    """The number of the picture, from 0."""
    image: Image
    """The picture as it looks so far."""


class ImageFold:
    """A fold of a stream's events into the response that the call without a stream would have returned."""

    def __init__(self, made: type[DrawnProto]) -> None:
        """Starts without events.

        Args:
            made: The type of the response.
        """
        self._response: DrawnProto = made()
        self._pieces: dict[int, list[bytes]] = {}
        self._mime_types: dict[int, str] = {}
        self.finished = False

    def add(self, event: image_pb2.ImageEvent) -> None:
        """Takes the next event. Kinds of events that this client does not know are skipped."""
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
        """Returns the preview of an event, or None if it has none."""
        if event.WhichOneof("event") != "preview":
            return None
        media = event.preview.media
        return Preview(event.preview.image_index, Image(media.data, media.mime_type))

    def images(self) -> Images:
        """Returns the pictures, which are complete once `finished` is true."""
        return Images(self._response)

    def _finish(self, finished: image_pb2.ImageFinished) -> None:
        said = {image.image_index: image for image in finished.images}
        for index in sorted(self._pieces):
            about = said.get(index, image_pb2.FinishedImage())
            image = self._response.images.add(revised_prompt=about.revised_prompt, note=about.note)
            image.media.mime_type = self._mime_types[index]
            image.media.data = b"".join(self._pieces.pop(index))
        if finished.HasField("usage"):
            self._response.usage.CopyFrom(finished.usage)
        if finished.HasField("route"):
            self._response.route.CopyFrom(finished.route)
        self.finished = True
