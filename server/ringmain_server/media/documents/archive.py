"""Documents: looks at a DOCX or PPTX as an archive before anything of it is parsed.

Layout: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.12 and 4.3.16.
"""

import struct
import zipfile
import zlib

from ringmain_server.media.documents.opening import Opening
from ringmain_server.media.limits import refuse, size_words

_END = b"PK\x05\x06"
_LONGEST_COMMENT = 65_535
_USUAL_ENTRY = 256
"""Bytes that an entry of the directory has at most, its name included, in what Office writes."""
_LARGE = 1024 * 1024
"""Bytes from which on the ratio counts: a small file of blanks is no bomb."""
_PROLOGUE = 8 * 1024
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, RuntimeError, OSError, ValueError)
"""What Python's reader of archives raises for broken ones, and for encrypted ones."""
_ENCRYPTED = 0x1
_DECLARATIONS = tuple(
    word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")
)


def check_archive(opening: Opening) -> None:
    """Refuses an archive that would take too much memory, that is encrypted, or that declares entities.

    Raises:
        MediaInvalid: It would, it is, it does, or it is broken.
    """
    _check_directory(opening)
    try:
        with zipfile.ZipFile(opening.source.file()) as archive:
            _check_entries(archive, opening)
            _check_prologues(archive, opening)
    except UNREADABLE as exc:
        raise broken(opening) from exc


def broken(opening: Opening) -> Exception:
    """The error for a file that makes no sense."""
    return refuse(opening.field, opening.mime_type, "broken or cut short", "a whole file")


def _check_directory(opening: Opening) -> None:
    """Looks at the size of the directory before it is read: every entry costs memory."""
    file = opening.source.file()
    file.seek(max(opening.source.size - _LONGEST_COMMENT - 22, 0))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise broken(opening)
    count, size = struct.unpack_from("<HI", tail, at + 10)
    most = opening.limits.max_entries
    if count > most or size > most * _USUAL_ENTRY:
        raise refuse(opening.field, opening.mime_type, "with very many files within", f"at most {most} files")


def _check_entries(archive: zipfile.ZipFile, opening: Opening) -> None:
    limits, entries = opening.limits, archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise refuse(opening.field, opening.mime_type, "encrypted", "a document without a password")
    if len(entries) > limits.max_entries:
        problem, allowed = f"with {len(entries)} files within", f"at most {limits.max_entries} files"
        raise refuse(opening.field, opening.mime_type, problem, allowed)
    if unpacked > limits.max_unpacked_bytes:
        allowed = f"at most {size_words(limits.max_unpacked_bytes)} unpacked"
        raise refuse(opening.field, opening.mime_type, f"of {size_words(unpacked)} unpacked", allowed)
    for entry in entries:
        _check_entry(entry, opening)


def _check_entry(entry: zipfile.ZipInfo, opening: Opening) -> None:
    limits = opening.limits
    if entry.file_size > _LARGE and entry.file_size > limits.max_ratio * max(entry.compress_size, 1):
        problem = f"packed more than {limits.max_ratio} times smaller, as bombs are"
        raise refuse(opening.field, opening.mime_type, problem, f"at most {limits.max_ratio} times")
    if _is_xml(entry) and entry.file_size > limits.max_xml_bytes:
        problem = f"with an XML file of {size_words(entry.file_size)} within"
        raise refuse(opening.field, opening.mime_type, problem, f"at most {size_words(limits.max_xml_bytes)}")


def _check_prologues(archive: zipfile.ZipFile, opening: Opening) -> None:
    """Office never declares entities, and the standard forbids it (ECMA-376, part 2, section 9.1.4)."""
    for entry in archive.infolist():
        if not _is_xml(entry):
            continue
        with archive.open(entry) as file:
            prologue = file.read(_PROLOGUE)
        if any(word in prologue for word in _DECLARATIONS):
            problem = "with declarations of entities within, as bombs have"
            raise refuse(opening.field, opening.mime_type, problem, "XML without a DOCTYPE")


def _is_xml(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.lower().endswith((".xml", ".rels"))
