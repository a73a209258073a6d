"""Documents: checks a DOCX or PPTX as an archive before anything of it is parsed.

Every member is unpacked once in small pieces that are thrown away, so that its real number of bytes and
elements is known, not only the announced one.
"""

import re
import struct
import zipfile
import zlib

from ringmain_server.documents.members import DEFLATED, STORED, Broken, Member, members, unpacked
from ringmain_server.documents.opening import Opening
from ringmain_server.media.limits import refuse, size_words
from ringmain_server.media.structure.budget import Beyond
from ringmain_server.media.work import checkpoint

_LARGE = 1024 * 1024
"""Bytes of a file above which its ratio is checked: a small file of blanks is no bomb."""
_MANY = 16 * _LARGE
"""Bytes of all files together above which their ratio is checked."""
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, RuntimeError, OSError, ValueError)
"""Exceptions that Python's reader of archives raises for broken and for encrypted ones."""
_ENCRYPTED = 0x1
_DECLARATION = re.compile(
    b"|".join(
        word.encode(code)
        for word in ("<!DOCTYPE", "<!ENTITY")
        for code in ("ascii", "utf-16-le", "utf-16-be")
    )
)
_MANY_POINTS = re.compile(rb'ptCount[^<>]{0,40}?val="[^"]{7,}"')
"""Matches a chart that announces millions of points, for each of which python-pptx searches all of them."""
_LONGEST_WORD = 64


def check_archive(opening: Opening) -> None:
    """Refuses an archive that would take too much memory, that is encrypted, or that declares entities.

    Raises:
        MediaInvalid: The archive is refused, or it is broken.
    """
    file = opening.source.file()
    try:
        found = members(file, opening.source.size, opening.limits.max_entries)
        _check_members(found, opening)
        for member in found:
            checkpoint()
            _check_content(member, opening)
    except Beyond as exc:
        raise refuse(opening.field, opening.mime_type, exc.problem, exc.allowed) from None
    except (Broken, OSError) as exc:
        raise broken(opening) from exc


def broken(opening: Opening) -> Exception:
    """Returns the error for a file that cannot be interpreted."""
    return refuse(opening.field, opening.mime_type, "broken or cut short", "a whole file")


def _check_members(found: list[Member], opening: Opening) -> None:
    """Checks what the directory says about the members."""
    limits = opening.limits
    total, packed = sum(member.unpacked for member in found), sum(member.packed for member in found)
    if any(member.flags & _ENCRYPTED for member in found):
        raise Beyond("encrypted", "a document without a password")
    if any(member.method not in (STORED, DEFLATED) for member in found):
        raise Beyond("packed in a way that Office does not", "files that are stored or deflated")
    if total > limits.max_unpacked_bytes:
        allowed = f"at most {size_words(limits.max_unpacked_bytes)} unpacked"
        raise Beyond(f"of {size_words(total)} unpacked", allowed)
    if total > _MANY and total > limits.max_ratio * packed:
        raise _packed_too_well(opening)
    for member in found:
        if member.unpacked > _LARGE and member.unpacked > limits.max_ratio * max(member.packed, 1):
            raise _packed_too_well(opening)
        if _is_xml(member) and member.unpacked > limits.max_xml_bytes:
            problem = f"with an XML file of {size_words(member.unpacked)} within"
            raise Beyond(problem, f"at most {size_words(limits.max_xml_bytes)}")


def _check_content(member: Member, opening: Opening) -> None:
    """Checks the real content of a member: its bytes, its elements and its declarations.

    Office never declares entities, and the standard forbids it (ECMA-376, part 2, section 9.1.4).
    """
    limits, elements, before = opening.limits, 0, b""
    for piece in unpacked(opening.source.file(), member):
        if not _is_xml(member):
            continue
        elements += piece.count(b"<")
        if elements > limits.max_tags:
            raise Beyond(
                f"with an XML file of more than {limits.max_tags} tags", f"at most {limits.max_tags}"
            )
        # The end of the last piece is searched again, since a word may be cut in two.
        if _DECLARATION.search(before + piece):
            problem = "with declarations of entities within, as bombs have"
            raise Beyond(problem, "XML without a DOCTYPE")
        if _MANY_POINTS.search(before + piece):
            raise Beyond("with a chart of millions of points", f"at most {limits.max_points} points")
        before = piece[-_LONGEST_WORD:]


def _packed_too_well(opening: Opening) -> Beyond:
    most = opening.limits.max_ratio
    return Beyond(f"packed more than {most} times smaller, as bombs are", f"at most {most} times")


def _is_xml(member: Member) -> bool:
    return member.name.lower().endswith((b".xml", b".rels"))
