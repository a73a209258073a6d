"""Room 4, the I/O side: the one interface through which anything reaches a provider."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ringmain_server.errors import ProviderError

Json = Mapping[str, object]
"""A JSON object, as a wire wants it."""

ErrorMap = Callable[[str, int, Mapping[str, str], bytes], ProviderError]
"""Provider id, status, headers and the start of the body to the failure they mean.

The names of headers are in lower case, or compare without case.
"""

Wire_contra = TypeVar("Wire_contra", contravariant=True)
Raw_co = TypeVar("Raw_co", covariant=True)
Chunk_co = TypeVar("Chunk_co", covariant=True)


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a multipart form.

    Attributes:
        name: Its name.
        value: Its text, its bytes, or what gives its bytes or an iterator over them: anew for each try, so
            that they need not be kept while an answer comes in.
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
        path: Below the provider's base address, such as `/chat/completions`.
        body: The JSON body; of no account for a GET or with a form. Large bytes stand in it as `Base64`.
        headers: What this request adds to the provider's own headers.
        form: A multipart form in place of the JSON body; empty for none.
        method: The HTTP method.
        leaf: The name of the answer's strings that hold large bytes as base64; empty for none. A transport
            may answer with a `Skeleton` then.
    """

    path: str
    body: Json = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Sequence[FormField] = ()
    method: str = "POST"
    blob: str = ""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Gets a picture from an address that the provider gave, in place of its bytes.

    Attributes:
        address: Where it is.
    """

    address: str


class Incoming(Protocol[Chunk_co]):
    """A provider's answer as it comes in."""

    async def read(self) -> Chunk_co | None:
        """Everything that has come in since the last read, waiting for something; None at the end.

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
    """Sends what a translator made, and maps every foreign failure to a ProviderError."""

    async def send(self, request: Wire_contra) -> Raw_co:
        """The whole answer.

        Raises:
            ProviderError: No answer, or one that is not a success.
        """
        ...

    async def open(self, request: Wire_contra) -> Incoming[Chunk_co]:
        """The answer as it comes in, once the provider has accepted the request.

        Raises:
            ProviderError: No answer, or one that is not a success.
        """
        ...

    async def close(self) -> None:
        """Closes every connection."""
        ...
