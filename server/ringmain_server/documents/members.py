"""Documents: reads the directory of a ZIP archive without a library, so that a member costs little.

Python's `zipfile` trusts the sizes in the directory when it decides how much to read, and inflates a member
whole before it cuts it to that size. It also reads a directory of any length, and lets members overlap. So
the
directory is read here first, in the same place where `zipfile` will look for it.

Layout: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, section 4.3.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from ringmain_server.media.structure.budget import Beyond

_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_ENTRY, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"
_LONGEST_COMMENT = 65_535
_USUAL_ENTRY = 256
"""The most bytes of a directory entry, its name included, in files that Office writes."""
_END_SIZE, _END_64_SIZE, _LOCATOR_64_SIZE, _LOCAL_SIZE, _ENTRY_SIZE = 22, 56, 20, 30, 46
_IN_EXTRA = 0xFFFFFFFF
STORED, DEFLATED = 0, 8
_STEP = 64 * 1024


class Broken(Exception):
    """The archive cannot be interpreted."""


class Member(NamedTuple):
    """A file within an archive, as the directory describes it.

    Attributes:
        name: The name as bytes.
        flags: The general purpose bits.
        method: The compression method.
        packed: Bytes in the archive.
        unpacked: Bytes once it is unpacked.
        start: The place of its own header.
    """

    name: bytes
    flags: int
    method: int
    packed: int
    unpacked: int
    start: int


class _Directory(NamedTuple):
    """The directory of an archive.

    Attributes:
        at: Its place in the file.
        length: Its bytes.
        entries: The number of entries that it announces.
        shift: Bytes in front of the archive, which are added to every place.
    """

    at: int
    length: int
    entries: int
    shift: int


def members(file: BinaryIO, size: int, most: int) -> list[Member]:
    """Reads the members of an archive, none of which shares bytes with another.

    Args:
        file: The archive.
        size: Its bytes.
        most: The most members that are accepted.

    Raises:
        Beyond: There are more, or two of them overlap.
        Broken: The directory cannot be interpreted.
    """
    try:
        directory = _directory(file, size)
        if directory.entries > most or directory.length > most * _USUAL_ENTRY:
            raise Beyond("with very many files within", f"at most {most} files")
        file.seek(directory.at)
        found = []
        for member in _entries(file.read(directory.length), directory.shift):
            found.append(member)
            if len(found) > most:
                raise Beyond("with very many files within", f"at most {most} files")
        _check_apart(file, found, directory.at)
    except (struct.error, IndexError, ValueError) as exc:
        raise Broken from exc
    return found


def unpacked(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Unpacks a member and yields it in pieces.

    Raises:
        Beyond: It has more bytes than the directory says.
        Broken: It cannot be unpacked.
    """
    file.seek(_data_start(file, member))
    left, found = member.packed, 0
    machine = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == DEFLATED else None
    rest = b""
    try:
        while left or rest:
            if not rest:
                rest = file.read(min(left, _STEP))
                left -= len(rest)
                if not rest:
                    raise Broken
            if machine is None:
                piece, rest = rest, b""
            else:
                # Bounded output: what is left of the input waits in `unconsumed_tail`.
                piece = machine.decompress(rest, 4 * _STEP)
                rest = b"" if machine.eof else machine.unconsumed_tail
            found += len(piece)
            if found > member.unpacked:
                raise Beyond(
                    "with a file that is larger than announced", "files of the size that is announced"
                )
            yield piece
            if machine is not None and machine.eof:
                return
    except zlib.error as exc:
        raise Broken from exc


def _directory(file: BinaryIO, size: int) -> _Directory:
    # The record that ends the archive is followed by a comment of any length up to 64 KiB. `zipfile` takes
    # the last signature too, so that both read the same directory.
    tail_at = max(size - _LONGEST_COMMENT - _END_SIZE, 0)
    file.seek(tail_at)
    tail = file.read(size - tail_at)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise Broken
    count, length, place = struct.unpack_from("<HII", tail, at + 10)
    end = tail_at + at
    large = _large_end(file, end)
    if large is not None:
        count, length, place = large
        end -= _LOCATOR_64_SIZE + _END_64_SIZE
    start = end - length
    if start < place:  # bytes are missing; extra bytes in front of the archive are allowed
        raise Broken
    return _Directory(start, length, count, start - place)


def _large_end(file: BinaryIO, end: int) -> tuple[int, int, int] | None:
    """Reads entries, length and place of the directory from the ZIP64 record; None without one."""
    if end < _LOCATOR_64_SIZE + _END_64_SIZE:
        return None
    file.seek(end - _LOCATOR_64_SIZE - _END_64_SIZE)
    record = file.read(_LOCATOR_64_SIZE + _END_64_SIZE)
    if record[_END_64_SIZE:][:4] != _LOCATOR_64:
        return None
    if record[:4] != _END_64:
        raise Broken
    count, length, place = struct.unpack_from("<QQQ", record, 32)
    return count, length, place


def _entries(data: bytes, shift: int) -> Iterator[Member]:
    at = 0
    while at < len(data):
        if data[at : at + 4] != _ENTRY:
            raise Broken
        flags, method = struct.unpack_from("<HH", data, at + 8)
        packed, size, name_size, extra_size, comment_size = struct.unpack_from("<IIHHH", data, at + 20)
        (start,) = struct.unpack_from("<I", data, at + 42)
        name_end = at + _ENTRY_SIZE + name_size
        if _IN_EXTRA in (packed, size, start):
            size, packed, start = _large(data[name_end : name_end + extra_size], size, packed, start)
        yield Member(data[at + _ENTRY_SIZE : name_end], flags, method, packed, size, start + shift)
        at = name_end + extra_size + comment_size


def _large(extra: bytes, *said: int) -> list[int]:
    """Returns the sizes and the place of a member; 32-bit ones that overflow stand in its extra field."""
    at, found = 0, list(said)
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            values = struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length // 8 * 8])
            return [next(values)[0] if value == _IN_EXTRA else value for value in found]
        at += 4 + length
    return found


def _check_apart(file: BinaryIO, found: list[Member], end: int) -> None:
    """Checks that members do not overlap, since shared bytes would be packed once and counted many times."""
    ordered = sorted(found, key=lambda member: member.start)
    starts = [*(member.start for member in ordered), end]
    for member, (start, following) in zip(ordered, pairwise(starts), strict=True):
        if start < 0 or _data_start(file, member) + member.packed > following:
            raise Beyond("with files within that overlap", "files beside each other")


def _data_start(file: BinaryIO, member: Member) -> int:
    """Returns where a member's bytes begin, behind its own header with a name and extra field of its own."""
    file.seek(member.start)
    head = file.read(_LOCAL_SIZE)
    if head[:4] != _LOCAL:
        raise Broken
    name_size, extra_size = struct.unpack_from("<HH", head, 26)
    return member.start + _LOCAL_SIZE + int(name_size) + int(extra_size)
