"""Room 4, the pure side: from the contract to a provider's wire and back.

A translator says by its base class in which shape it serves an operation: with one request and one answer,
with several requests, or with a stream of events.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.operations.base import AnyOperation
from ringmain_server.providers.multi_step import Steps

Res_co = TypeVar("Res_co", covariant=True)
Event_co = TypeVar("Event_co", covariant=True)
Wire_co = TypeVar("Wire_co", covariant=True)
Raw_contra = TypeVar("Raw_contra", contravariant=True)
Chunk_contra = TypeVar("Chunk_contra", contravariant=True)
Req_contra = TypeVar("Req_contra", contravariant=True)


class UnaryTranslator(ABC, Generic[Req_contra, Res_co, Wire_co, Raw_contra]):
    """Translates an operation that takes one request and is answered whole. No state, no I/O."""

    __slots__ = ()

    @abstractmethod
    def request(self, request: Req_contra, candidate: Candidate) -> Wire_co:
        """Returns the request on the wire.

        Raises:
            CallerError: The request has a part, a tool or a value that this wire cannot carry.
        """

    @abstractmethod
    def response(self, raw: Raw_contra, request: Req_contra, candidate: Candidate) -> Res_co:
        """Returns the response of the contract.

        Raises:
            ProviderError: The answer is malformed, or is an error in disguise.
        """


class MultiStepTranslator(ABC, Generic[Req_contra, Res_co]):
    """Translates an operation that takes several requests. No I/O; its state is the generator's."""

    __slots__ = ()

    @abstractmethod
    def steps(self, request: Req_contra, candidate: Candidate) -> Steps[Res_co]:
        """Yields what to send next, and returns the response that the answers amount to.

        Raises:
            CallerError: The request has a value that this wire cannot carry.
            ProviderError: An answer is malformed, or is an error in disguise.
        """


class Decoder(ABC, Generic[Event_co, Chunk_contra]):
    """Reads one stream. Knows nothing of time or I/O.

    Attributes:
        complete: Whether the last event, with the usage, has been returned.
        ends_at_eof: Whether only the closing of the connection tells the end, as with a file. A connection
            that breaks is then never an end.
    """

    __slots__ = ()

    complete: bool
    ends_at_eof: ClassVar[bool] = False

    @abstractmethod
    def feed(self, chunk: Chunk_contra) -> Sequence[Event_co]:
        """Returns the events that one network read completed, with neighboring deltas merged.

        Raises:
            ProviderError: An event is malformed, or is an error of the provider.
        """

    @abstractmethod
    def end(self) -> Sequence[Event_co]:
        """Returns the events that the provider's closing of the stream completes.

        Raises:
            ProviderError: The stream was not complete.
        """

    @abstractmethod
    def usage(self) -> Usage:
        """Returns what has been consumed so far: the provider's counts, or an estimate where it gave none."""


class StreamTranslator(ABC, Generic[Req_contra, Event_co, Wire_co, Chunk_contra]):
    """Translates an operation that is answered in events. No state, no I/O.

    Attributes:
        needs_whole_body: Whether the wire takes a request that comes in pieces (`Streamed.upload`) only once
            it is there whole.
    """

    __slots__ = ()

    needs_whole_body: ClassVar[bool] = False

    @abstractmethod
    def request(self, request: Req_contra, candidate: Candidate) -> Wire_co:
        """Returns the request on the wire.

        Raises:
            CallerError: The request has a part, a tool or a value that this wire cannot carry.
        """

    @abstractmethod
    def decoder(self, request: Req_contra, candidate: Candidate) -> Decoder[Event_co, Chunk_contra]:
        """Returns a reader for one stream."""


Translator: TypeAlias = (
    UnaryTranslator[Any, Any, Any, Any] | MultiStepTranslator[Any, Any] | StreamTranslator[Any, Any, Any, Any]
)
"""A translator of any shape."""

Translators: TypeAlias = Mapping[AnyOperation, Translator]
"""Operations to their translators. A missing key is a missing capability.

The types of a translator follow those of its operation, which a mapping cannot say.
"""
