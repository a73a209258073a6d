"""Room 4, the I/O side: the interface through which everything reaches a provider."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ringmain_server.errors import ProviderError

Json = Mapping[str, object]
"""A JSON object, as a wire expects it."""

ErrorMap = Callable[[str, int, Mapping[str, str], bytes], ProviderError]
"""Translates a provider id, status, headers and the start of the body into the failure that they mean.

The names of headers are in lower case, or ignore case.
"""

Wire_contra = TypeVar("Wire_contra", contravariant=True)
Raw_co = TypeVar("Raw_co", covariant=True)
Chunk_co = TypeVar("Chunk_co", covariant=True)


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a multipart form.

    Attributes:
        name: The field's name.
        value: Its text, its bytes, or a function that returns its bytes or an iterator over them, called anew
            for each try, so that they need not be kept while an answer comes in.
        filename: The name of a file; empty for a plain field.
        mime_type: The media type of a file.
    """

    name: str
    value: str | bytes | Callable[[], AsyncIterator[bytes] | bytes]
    filename: str = ""
    mime_type: str = ""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request on an HTTP wire.

    Attributes:
        path: The path below the provider's base URL, such as `/chat/completions`.
        body: The JSON body; ignored for a GET or with a form. It holds large bytes as `Base64`.
        headers: Headers in addition to the provider's own.
        form: A multipart form in place of the JSON body; empty for none.
        method: The HTTP method.
        blob: The name of the answer's strings that hold large bytes as base64; empty for none. A transport
            may then answer with a `Skeleton`.
    """

    path: str
    body: Json = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Sequence[FormField] = ()
    method: str = "POST"
    blob: str = ""


@dataclass(frozen=True, slots=True)
class Fetch:
    """A request for a picture at a URL that the provider answered instead of bytes.

    Attributes:
        address: The URL.
    """

    address: str


class Incoming(Protocol[Chunk_co]):
    """A provider's answer as it comes in."""

    async def read(self) -> Chunk_co | None:
        """Waits for data, and returns everything that has arrived since the last read; None at the end.

        Raises:
            ProviderError: The connection broke, or `abort` was called.
        """
        ...

    def abort(self, error: ProviderError) -> None:
        """Makes the pending or next `read` raise `error`."""
        ...

    def close(self, *, complete: bool) -> None:
        """Ends the exchange at once.

        Args:
            complete: Whether the answer's end marker was read, so that the connection may be kept.
        """
        ...


class Transport(Protocol[Wire_contra, Raw_co, Chunk_co]):
    """Sends what a translator built, and maps every foreign exception to a ProviderError."""

    async def send(self, request: Wire_contra) -> Raw_co:
        """Returns the whole answer.

        Raises:
            ProviderError: There was no answer, or it is not a success.
        """
        ...

    async def open(self, request: Wire_contra) -> Incoming[Chunk_co]:
        """Returns the answer as it comes in, once the provider has accepted the request.

        Raises:
            ProviderError: There was no answer, or it is not a success.
        """
        ...

    async def close(self) -> None:
        """Closes every connection."""
        ...
