"""Fakes: stands for pi_heif: reads every HEIC as a PNG that follows its first box."""

import io
from typing import IO

import PIL.Image
from PIL.ImageFile import ImageFile


class HeifImageFile(ImageFile):
    """A plugin as Pillow wants it; see `ImageFile`."""

    format = "HEIF"
    format_description = "A fake of HEIC"

    def _open(self) -> None:
        assert self.fp is not None
        with PIL.Image.open(io.BytesIO(self.fp.read()[24:])) as inner:
            inner.load()
            self.im, self._mode, self._size = inner.im, inner.mode, inner.size
        self.tile = []


def register_heif_opener() -> None:
    """Makes Pillow know of it."""
    PIL.Image.register_open("HEIF", _open, _accept)


def _accept(prefix: bytes) -> bool:
    return prefix[4:8] == b"ftyp"


def _open(fp: IO[bytes], filename: str | bytes) -> HeifImageFile:
    return HeifImageFile(fp, filename)
