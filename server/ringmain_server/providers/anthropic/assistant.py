"""Room 4, the pure side of `anthropic`: writes a turn of the model as the blocks that the model wrote."""

from ringmain.v1.content_pb2 import Message, Part

from ringmain_server.providers.anthropic import caching, citations, media, reasoning, server_calls, tool_calls
from ringmain_server.providers.anthropic.blocks import Block, text_block
from ringmain_server.providers.foreign import is_foreign

Place = tuple[int, int, int]
"""The place of a block: the parts before it, 1 for the next part's own block or 0 for a result, an order."""


class AssistantWriter:
    """Collects the blocks of a message of the model.

    Args:
        provider_id: The provider that is asked; what another provider wants back is left out.
        cache: The mark of a block up to which the prompt is cached.

    Attributes:
        moved: Media, which this wire has only in the user's turns.
    """

    def __init__(self, provider_id: str, cache: Block) -> None:
        self._provider_id = provider_id
        self._cache = cache
        self._places: list[Place] = []
        self._blocks: list[Block] = []
        self.moved: list[Block] = []

    def write(self, message: Message, path: str) -> list[Block]:
        """Returns the blocks of a message in the wire's order.

        Raises:
            MediaInvalid: This wire cannot carry a medium.
        """
        for index, part in enumerate(message.parts):
            if part.HasField("media"):
                self._move(part, f"{path}.parts[{index}].media")
                continue
            if part.HasField("provider_tool_call"):
                self._provider_tool(index, part)
            elif (block := self._block(part)) is not None:
                self._place((index, 1, 0), block)
            if part.cache_boundary:
                caching.mark(self._blocks, self._cache)
        order = sorted(range(len(self._blocks)), key=self._places.__getitem__)
        return [self._blocks[index] for index in order]

    def _block(self, part: Part) -> Block | None:
        """Returns the block of a part; None if nothing of it goes back."""
        match part.WhichOneof("content"):
            case "text" if part.text.strip():
                return self._text(part)
            case "tool_call":
                return tool_calls.block(part, self._provider_id)
            case "reasoning":
                return reasoning.block(part, self._provider_id)
        return None

    def _text(self, part: Part) -> Block:
        block = text_block(part.text)
        if not part.signature or is_foreign(part, self._provider_id):
            return block
        cited = citations.given_back(part)
        return {**block, "citations": cited} if cited else block

    def _provider_tool(self, index: int, part: Part) -> None:
        found = server_calls.given_back(part, self._provider_id)
        if found.own is not None:
            self._place((index, 1, 0), found.own)
        first = index if found.own is None else index + 1
        for at, order, block in found.results:
            self._place((max(at, first), 0, order), block)

    def _place(self, place: Place, block: Block) -> None:
        self._places.append(place)
        self._blocks.append(block)

    def _move(self, part: Part, path: str) -> None:
        self.moved.append(media.block(part.media, path))
        if part.cache_boundary:
            caching.mark(self.moved, self._cache)
