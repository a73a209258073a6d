"""Room 4, the pure side: from the contract to a provider's wire and back."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate

Req = TypeVar("Req")
Res = TypeVar("Res")
Event_co = TypeVar("Event_co", covariant=True)
Wire_co = TypeVar("Wire_co", covariant=True)
Raw_contra = TypeVar("Raw_contra", contravariant=True)
Chunk_contra = TypeVar("Chunk_contra", contravariant=True)
Req_contra = TypeVar("Req_contra", contravariant=True)
Res_co = TypeVar("Res_co", covariant=True)


class UnaryTranslator(Protocol[Req_contra, Res_co, Wire_co, Raw_contra]):
    """Translates an operation that is answered whole. No state, no I/O."""

    def request(self, request: Req_contra, candidate: Candidate) -> Wire_co:
        """The request on the wire.

        Raises:
            CallerError: A part, a tool or a value that this wire cannot carry.
        """
        ...

    def response(self, raw: Raw_contra, request: Req_contra, candidate: Candidate) -> Res_co:
        """The response of the contract.

        Raises:
            ProviderError: The answer is malformed, or is an error in disguise.
        """
        ...


class Decoder(Protocol[Event_co, Chunk_contra]):
    """Reads one stream. Knows nothing of time or I/O.

    Where only the closing of the connection tells the end, as with a file, a decoder also has
    `unmarked = True`: a connection that breaks is then never an end.
    """

    def feed(self, chunk: Chunk_contra) -> Sequence[Event_co]:
        """The events that one network read completed, neighbouring deltas merged.

        Raises:
            ProviderError: A malformed event, or an error event of the provider.
        """
        ...

    def end(self) -> Sequence[Event_co]:
        """The events that the provider's closing of the stream completes.

        Raises:
            ProviderError: The stream was not complete.
        """
        ...

    @property
    def complete(self) -> bool:
        """Whether the last event, with the usage, has been returned."""
        ...

    def usage(self) -> Usage:
        """What has been consumed so far: the provider's counts where it gave any, else an estimate."""
        ...


class StreamTranslator(Protocol[Req_contra, Event_co, Wire_co, Chunk_contra]):
    """Translates an operation that is answered in events. No state, no I/O.

    Where requests come in pieces (`Streamed.gather`), a translator also has `gathers: bool`: whether the wire
    takes them only whole.
    """

    def request(self, request: Req_contra, candidate: Candidate) -> Wire_co:
        """The request on the wire.

        Raises:
            CallerError: A part, a tool or a value that this wire cannot carry.
        """
        ...

    def decoder(self, request: Req_contra, candidate: Candidate) -> Decoder[Event_co, Chunk_contra]:
        """A reader for one stream."""
        ...
