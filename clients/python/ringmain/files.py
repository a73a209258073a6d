"""Client: files to send and to write. Files are written whole or not at all."""

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
    """Return the usual suffix of a file of this media type, such as `.png`; empty if there is none."""
    return _SUFFIXES.get(mime_type, "")


def write_whole(path: str | os.PathLike[str], chunks: Iterable[bytes]) -> Path:
    """Write a file that is there whole or not at all, and return its path.

    Raises:
        OSError: It cannot be written. Whatever was there before is still there.
    """
    target = Path(path)
    # Not by tempfile, which lets nobody else read: a new file is as open as the mask of the process says.
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
    """Yield the bytes of a file, or bytes, in pieces that the contract takes.

    Args:
        source: A path, bytes, or an iterable of bytes such as an open file or a microphone.
        size: Most bytes of a piece.

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
    """Write a file, whole or not at all; without a suffix, the usual one is added.

    Raises:
        OSError: It cannot be written.
    """
    target = Path(path)
    return write_whole(target if target.suffix else target.with_suffix(suffix_of(mime_type)), (data,))
