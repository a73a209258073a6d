"""Room 4, the pure side of `anthropic`: writes a turn of the model as the blocks that the model wrote."""

from collections.abc import Sequence

from ringmain.v1.content_pb2 import Message, Part

from ringmain_server.providers.anthropic import caching, citations, media, reasoning, server_calls, tool_calls
from ringmain_server.providers.anthropic.blocks import Block, text_block
from ringmain_server.providers.foreign import is_foreign

Result = tuple[int, int, Block]
"""The result of a tool that the provider ran: the number of parts before it, its order, and its block."""


class AssistantWriter:
    """Writes the messages of the model.

    Args:
        provider_id: The provider that is asked; what another provider wants back is left out.
        cache: The mark of a block up to which the prompt is cached.

    Attributes:
        moved: Media, which this wire has only in the user's turns.
    """

    __slots__ = ("_cache", "_provider_id", "moved")

    def __init__(self, provider_id: str, cache: Block) -> None:
        self._provider_id = provider_id
        self._cache = cache
        self.moved: list[Block] = []

    def write(self, message: Message, path: str) -> list[Block]:
        """Returns the blocks of a message in the wire's order.

        Raises:
            MediaInvalid: This wire cannot carry a medium.
        """
        blocks: list[Block] = []
        starts: list[int] = []
        results: list[Result] = []
        for index, part in enumerate(message.parts):
            starts.append(len(blocks))
            kind = part.WhichOneof("content")
            if kind == "text":
                if part.text.strip():
                    blocks.append(self._text(part))
            elif kind == "media":
                self._move(part, f"{path}.parts[{index}].media")
                continue
            elif kind == "provider_tool_call":
                self._provider_tool(index, part, blocks, results)
                continue
            elif (block := self._call_or_thought(part, kind)) is not None:
                blocks.append(block)
            if part.cache_boundary:
                caching.mark(blocks, self._cache)
        return _placed(results, blocks, starts) if results else blocks

    def _text(self, part: Part) -> Block:
        block = text_block(part.text)
        if not part.signature or is_foreign(part, self._provider_id):
            return block
        cited = citations.given_back(part)
        return {**block, "citations": cited} if cited else block

    def _call_or_thought(self, part: Part, kind: str | None) -> Block | None:
        if kind == "tool_call":
            return tool_calls.block(part, self._provider_id)
        return reasoning.block(part, self._provider_id)

    def _provider_tool(self, index: int, part: Part, blocks: list[Block], results: list[Result]) -> None:
        """Adds the block of a call to the blocks, and its results to the results."""
        found = server_calls.given_back(part, self._provider_id)
        own = [block for _, _, block in found.results]
        # A boundary is at the last result, which stands behind the call.
        if part.cache_boundary and own:
            caching.mark(own, self._cache)
        first = index
        if found.own is not None:
            blocks.append(found.own)
            first += 1
        if part.cache_boundary and not own:
            caching.mark(blocks, self._cache)
        places = ((max(at, first), order) for at, order, _ in found.results)
        results += ((*place, block) for place, block in zip(places, own, strict=True))

    def _move(self, part: Part, path: str) -> None:
        self.moved.append(media.block(part.media, path))
        if part.cache_boundary:
            caching.mark(self.moved, self._cache)


def _placed(results: list[Result], blocks: Sequence[Block], starts: Sequence[int]) -> list[Block]:
    """Returns all blocks in order.

    Args:
        results: The results.
        blocks: The other blocks in order.
        starts: For each part of the message, the number of these blocks before it.
    """
    found: list[Block] = []
    done = 0
    for at, _, block in sorted(results, key=lambda result: result[:2]):
        before = starts[at] if at < len(starts) else len(blocks)
        found += blocks[done:before]
        found.append(block)
        done = before
    return [*found, *blocks[done:]]
