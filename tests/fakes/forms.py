"""Tests, fakes: a multipart form as a server reads it."""

import email
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form."""

    name: str
    filename: str
    mime_type: str
    data: bytes


def read_form(content_type: str, raw: bytes) -> tuple[Mapping[str, str], tuple[File, ...]]:
    """The plain fields and the files of a form; nothing of what is none."""
    if not content_type.startswith("multipart/form-data"):
        return {}, ()
    message = email.message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + raw)
    fields: dict[str, str] = {}
    files: list[File] = []
    for part in message.get_payload():
        assert not isinstance(part, str)
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        filename = part.get_filename()
        if filename is None:
            fields[name] = data.decode()
        else:
            files.append(File(name, filename, part.get_content_type(), data))
    return fields, tuple(files)
