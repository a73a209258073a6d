"""Client: reading files to send, and writing files whole or not at all."""

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

_SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/ogg": ".ogg",
    "audio/flac": ".flac",
    "audio/aac": ".aac",
    "audio/pcm": ".pcm",
}


def suffix_of(mime_type: str) -> str:
    """Returns the usual suffix of files of a media type, such as `.png`. Empty if there is none."""
    return _SUFFIXES.get(mime_type, "")


def write_whole(path: str | os.PathLike[str], chunks: Iterable[bytes]) -> Path:
    """Writes a file whole or not at all, and returns its path.

    Raises:
        OSError: The file cannot be written. A file that was there before is unchanged.
    """
    target = Path(path)
    # Only its owner could read a temporary file of `tempfile`, while this one gets the usual permissions.
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    file = beside.open("xb")
    try:
        with file:
            for chunk in chunks:
                file.write(chunk)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return target


def pieces(source: str | bytes | os.PathLike[str] | Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yields the bytes of a source in pieces of limited size.

    Args:
        source: A path, bytes, or an iterable of bytes such as an open file or a microphone.
        size: The most bytes in a piece.

    Raises:
        OSError: The file cannot be read.
    """
    if isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            while chunk := file.read(size):
                yield chunk
        return
    for chunk in (source,) if isinstance(source, bytes) else source:
        for start in range(0, len(chunk), size):
            yield chunk[start : start + size]


def save(path: str | os.PathLike[str], data: bytes, mime_type: str) -> Path:
    """Writes a file whole or not at all. A path without a suffix gets the usual one of the media type.

    Raises:
        OSError: The file cannot be written.
    """
    target = Path(path)
    return write_whole(target if target.suffix else target.with_suffix(suffix_of(mime_type)), (data,))
