"""Room 3, pure: goes on with another candidate after a stream broke that had content (docs/reliability.md).

The new candidate's text is held back while it repeats the text that the caller has already. If it repeats all
of it, the stream goes on and nothing is void. If it differs, then after RESTART everything sent is void and
the new answer follows whole; after a prefill (CONTINUE) the rest is the continuation. Tool calls of any kind,
reasoning, media, answers of several parts, and text with citations, log probabilities or a signature are
never spliced. A part that two providers wrote has neither a signature nor log probabilities.
"""

from collections.abc import Sequence

from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import ROLE_ASSISTANT
from ringmain.v1.routing_pb2 import Attempt

from ringmain_server.candidate import Candidate

HELD_LIMIT = 1 << 20
"""The most characters held back or remembered. A longer answer is not spliced."""


class Sent:
    """The text of an answer that the caller has so far."""

    __slots__ = ("_pieces", "_size", "plain")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0
        self.plain = True
        """Whether the answer is one part of text and nothing else, which another candidate may continue."""

    def saw(self, event: chat_pb2.ChatEvent) -> None:
        """Remembers an event that was sent."""
        if event.HasField("part_delta"):
            delta = event.part_delta
            if delta.index == 0 and delta.HasField("text") and not delta.logprobs:
                self._add(delta.text)
            else:
                self.plain = False
        elif event.HasField("part_started"):
            part = event.part_started
            # Nothing but text: no citations, no log probabilities, no signature.
            if part.index == 0 and part.part.HasField("text") and len(part.part.ListFields()) == 1:
                self._add(part.part.text)
            else:
                self.plain = False

    @property
    def text(self) -> str:
        """The text so far."""
        text = "".join(self._pieces)
        self._pieces = [text]
        return text

    def _add(self, piece: str) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > HELD_LIMIT:
            self.plain = False


def prefilled(request: chat_pb2.ChatRequest, text: str) -> chat_pb2.ChatRequest:
    """Returns a request with the answer so far as the assistant's unfinished turn."""
    found = chat_pb2.ChatRequest()
    found.CopyFrom(request)
    # Anthropic refuses a turn that ends in white space. Losing it is harmless: see Splice._continuation.
    found.messages.add(role=ROLE_ASSISTANT).parts.add(text=text.rstrip())
    return found


class Splice:
    """Joins a new candidate's events to what was sent.

    Args:
        sent: The text that the caller has.
        failed: The attempt that broke.
        provider_id: The provider that goes on.
        provider_model: Its own name for the model.
        prefilled: Whether it was given the text so far to continue.
    """

    def __init__(
        self, sent: Sent, failed: Attempt, provider_id: str, provider_model: str, *, prefilled: bool
    ) -> None:
        self._had = sent.text if sent.plain else None
        self._failed = failed
        self._provider_id = provider_id
        self._provider_model = provider_model
        self._prefilled = prefilled
        self._held: list[chat_pb2.ChatEvent] = []
        self._text = ""
        self._joined = False
        self._ahead = 0
        self.discarded = False
        """Whether everything sent before is void."""

    def feed(self, event: chat_pb2.ChatEvent) -> Sequence[chat_pb2.ChatEvent]:
        """Returns the events to send now."""
        if self._joined:
            return (event,) if self.discarded else self._of_two(event)
        self._held.append(event)
        if self._had is None:
            return self._discard()
        piece = _text_of(event)
        if piece is None:
            return self._decide()
        self._text += piece
        if len(self._text) < len(self._had) and self._had.startswith(self._text):
            return ()
        return self._decide()

    def _decide(self) -> Sequence[chat_pb2.ChatEvent]:
        """Decides how the stream goes on, once the text repeats all that was sent or differs from it."""
        assert self._had is not None
        if self._text.startswith(self._had):
            return self._go_on(self._text[len(self._had) :])
        if self._prefilled and self._only_text_first():
            more = self._continuation()
            self._ahead = len(self._had) + len(more) - len(self._text)
            return self._go_on(more)
        return self._discard()

    def _continuation(self) -> str:
        """Returns the text without the white space that the prefill lost, if the candidate wrote it again."""
        had = self._had or ""
        blank = had[len(had.rstrip()) :]
        return self._text.removeprefix(blank) if blank else self._text

    def _only_text_first(self) -> bool:
        first = self._held[0]
        return _text_of(first) is not None or not first.HasField("part_started")

    def _go_on(self, more: str) -> Sequence[chat_pb2.ChatEvent]:
        self._joined = True
        events = [self._recovered()]
        if more:
            delta = chat_pb2.PartDelta(index=0, text=more)
            events.append(chat_pb2.ChatEvent(part_delta=delta))
        for held in self._held:
            for event in _beside_text(held):
                events += self._of_two(event)
        self._held.clear()
        return events

    def _of_two(self, event: chat_pb2.ChatEvent) -> Sequence[chat_pb2.ChatEvent]:
        """Returns what of an event may follow in an answer whose first part two providers wrote."""
        if not event.HasField("part_delta") or event.part_delta.index:
            return (event,)
        delta = event.part_delta
        del delta.logprobs[:]
        delta.provider_id = ""
        if delta.HasField("citation") and (delta.citation.start_index or delta.citation.end_index):
            delta.citation.start_index += self._ahead
            delta.citation.end_index += self._ahead
        return () if delta.WhichOneof("delta") in (None, "signature") else (event,)

    def _discard(self) -> Sequence[chat_pb2.ChatEvent]:
        self._joined = self.discarded = True
        events = [self._recovered(), *self._held]
        self._held.clear()
        return events

    def _recovered(self) -> chat_pb2.ChatEvent:
        recovered = chat_pb2.ChatRecovered(
            failed_attempt=self._failed,
            content_discarded=self.discarded,
            provider_id=self._provider_id,
            provider_model=self._provider_model,
        )
        return chat_pb2.ChatEvent(recovered=recovered)


class Recovery:
    """The memory of one stream, which lets it go on after a break. See `Recovering`.

    Args:
        request: The caller's request.
        prefill: Whether candidates that can are given the text so far to continue (CONTINUE, else RESTART).
    """

    def __init__(self, request: chat_pb2.ChatRequest, *, prefill: bool) -> None:
        self._request = request
        self._prefill = prefill
        self._sent = Sent()
        self._failed: Attempt | None = None
        self._splice: Splice | None = None
        self.prefilled = False
        """Whether the candidate that goes on was given the text so far."""

    def broke(self, failed: Attempt) -> None:
        """Notes that the stream broke. The caller is told of the first failure."""
        self._failed = self._failed or failed
        self._splice = None

    def resume(self, candidate: Candidate) -> chat_pb2.ChatRequest:
        """Returns the request for the candidate that goes on."""
        text = self._sent.text
        self.prefilled = self._prefill and candidate.prefill and self._sent.plain and bool(text.strip())
        assert self._failed is not None
        self._splice = Splice(
            self._sent,
            self._failed,
            candidate.provider_id,
            candidate.provider_model,
            prefilled=self.prefilled,
        )
        return prefilled(self._request, text) if self.prefilled else self._request

    def refuse_prefill(self) -> None:
        """Notes that the candidate rejected the unfinished turn: it may answer anew."""
        self._prefill = False

    def feed(self, event: chat_pb2.ChatEvent) -> Sequence[chat_pb2.ChatEvent]:
        """Returns the events to send for one of the candidate that answers now."""
        events = (event,) if self._splice is None else self._splice.feed(event)
        for sent in events:
            if sent.HasField("recovered"):
                self._failed = None
                if sent.recovered.content_discarded:
                    self._sent = Sent()
            else:
                self._sent.saw(sent)
        return events


def _text_of(event: chat_pb2.ChatEvent) -> str | None:
    """Returns the text that an event adds to the first part; None for any other event."""
    if event.HasField("part_delta"):
        delta = event.part_delta
        return delta.text if delta.index == 0 and delta.HasField("text") else None
    if event.HasField("part_started"):
        started = event.part_started
        return started.part.text if started.index == 0 and started.part.HasField("text") else None
    return None


def _beside_text(event: chat_pb2.ChatEvent) -> Sequence[chat_pb2.ChatEvent]:
    """Returns what an event brings besides text of the first part."""
    if _text_of(event) is None:
        return (event,)
    citations = event.part_started.part.citations if event.HasField("part_started") else ()
    return [
        chat_pb2.ChatEvent(part_delta=chat_pb2.PartDelta(index=0, citation=citation))
        for citation in citations
    ]
