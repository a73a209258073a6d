"""Room 4, the pure side: the base classes of translators between the contract and a provider's wire.

The base class of a translator says how it serves an operation: with one request and one answer, with several
requests, or with a stream of events.
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
    """Translates an operation that takes one request and is answered whole. It has neither state nor I/O."""

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
            ProviderError: The answer is malformed, or is an error under status 200.
        """


class MultiStepTranslator(ABC, Generic[Req_contra, Res_co]):
    """Translates an operation that takes several requests. It has no I/O; its state is the generator's."""

    __slots__ = ()

    @abstractmethod
    def steps(self, request: Req_contra, candidate: Candidate) -> Steps[Res_co]:
        """Yields requests to send, and returns the response that their answers form.

        Raises:
            CallerError: The request has a value that this wire cannot carry.
            ProviderError: An answer is malformed, or is an error under status 200.
        """


class Decoder(ABC, Generic[Event_co, Chunk_contra]):
    """Reads one stream. It knows nothing of time or I/O.

    Attributes:
        complete: Whether the last event, with the usage, has been returned.
        ends_at_eof: Whether only the end of the connection marks the end of the answer, as with a file. A
            broken connection is then never an end.
    """

    __slots__ = ()

    complete: bool
    ends_at_eof: ClassVar[bool] = False

    @abstractmethod
    def feed(self, chunk: Chunk_contra) -> Sequence[Event_co]:
        """Returns the events that one network read completes, with adjacent deltas merged.

        Raises:
            ProviderError: An event is malformed, or reports an error.
        """

    @abstractmethod
    def end(self) -> Sequence[Event_co]:
        """Returns the events that the end of the stream completes.

        Raises:
            ProviderError: The stream was not complete.
        """

    @abstractmethod
    def usage(self) -> Usage:
        """Returns the usage so far: the provider's counts if it gave any, otherwise an estimate."""


class StreamTranslator(ABC, Generic[Req_contra, Event_co, Wire_co, Chunk_contra]):
    """Translates an operation that is answered in events. It has neither state nor I/O.

    Attributes:
        needs_whole_body: Whether the wire accepts a request that comes in pieces (`Streamed.upload`) only
            when it is complete.
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
        """Returns a decoder for one stream."""


Translator: TypeAlias = (
    UnaryTranslator[Any, Any, Any, Any] | MultiStepTranslator[Any, Any] | StreamTranslator[Any, Any, Any, Any]
)
"""A translator of any form."""

Translators: TypeAlias = Mapping[AnyOperation, Translator]
"""Translators by operation. A missing key is a missing capability.

The types of a translator depend on its operation, which a mapping cannot express.
"""
