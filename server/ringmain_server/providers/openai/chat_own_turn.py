"""Room 4, pure: writes one turn of the model, as an assistant message of a chat completion."""

from ringmain.v1.content_pb2 import Part

from ringmain_server.kinds.openai import Dialect
from ringmain_server.providers.foreign import is_foreign
from ringmain_server.providers.openai.chat_parts import Object, text_part
from ringmain_server.providers.openai.chat_state import audio_of, details_of, run_of


class OwnTurn:
    """A turn of the model, as far as it has been read.

    Args:
        dialect: The form of the wire that the server accepts.
        provider_id: The provider that is asked; it gets back only its own state.

    Attributes:
        texts: The texts, as parts of the wire.
        calls: The tool calls, as the wire has them.
    """

    __slots__ = ("_audio", "_details", "_dialect", "_provider_id", "_reasoning", "_runs", "calls", "texts")

    def __init__(self, dialect: Dialect, provider_id: str) -> None:
        self._dialect = dialect
        self._provider_id = provider_id
        self._reasoning: list[str] = []
        self._details: list[Object] = []
        self._audio = ""
        self._runs: list[Object] = []
        self.texts: list[Object] = []
        self.calls: list[Object] = []

    def think(self, part: Part) -> None:
        """Adds reasoning, if it is this provider's."""
        if not is_foreign(part, self._provider_id):
            self._reasoning.append(part.reasoning.text)
            self._details += details_of(part, self._provider_id)

    def speak(self, part: Part) -> bool:
        """Adds speech that the provider keeps, in place of the text before it, which has its words.

        Returns:
            Whether the medium is such speech.
        """
        audio_id = audio_of(part, self._provider_id) if self._dialect.audio_output else ""
        if audio_id:
            self._audio = audio_id
            del self.texts[-1:]
        return bool(audio_id)

    def ran(self, part: Part) -> None:
        """Adds a tool that the server ran, if it is this server's and wants it back."""
        found = run_of(part, self._provider_id) if self._dialect.own_tools else None
        if found is not None:
            self._runs.append(found)

    def written(self, content: object) -> Object | None:
        """Returns the message.

        Args:
            content: The texts, in the form in which a message holds them.

        Returns:
            The message; None if the turn held only what was dropped, since servers refuse an empty turn.
        """
        turn: Object = {"role": "assistant", "content": content if self.texts else None}
        if self.calls:
            turn["tool_calls"] = self.calls
        if self._audio:
            turn["audio"] = {"id": self._audio}
        if self._runs:
            turn["executed_tools"] = self._runs
        thought = self._thought()
        turn.update(thought)
        if self.texts or self.calls or self._audio or self._runs:
            return turn
        return {"role": "assistant", "content": content, **thought} if thought else None

    def _thought(self) -> Object:
        if self._dialect.reasoning_details and self._details:
            return {"reasoning_details": self._details}
        if self._dialect.reasoning_blocks and any(self._reasoning):
            thought: Object = {"type": "thinking", "thinking": [text_part("".join(self._reasoning))]}
            return {"content": [thought, *self.texts]}
        if self._dialect.reasoning_back and any(self._reasoning):
            return {self._dialect.reasoning_back: "".join(self._reasoning)}
        return {}
