"""Room 4, the pure side of `anthropic`: marks the blocks up to which a prompt is cached.

https://platform.claude.com/docs/en/build-with-claude/prompt-caching: a marked block ends a prefix that the
provider keeps for five minutes or for an hour after its last use. Thinking cannot be marked; the block in
front of it is marked in its place. A prompt has at most four marks, and one of an hour may not follow one
of five minutes, so all marks of a request are the same.
"""

from collections.abc import Sequence

from ringmain.v1.generation_pb2 import GenerationConfig

from ringmain_server.providers.anthropic.blocks import Block

MOST = 4
"""Marks that a prompt may have."""
_SHORT = 300
"""Seconds of the shorter of the wire's two times."""
_MINUTES: Block = {"type": "ephemeral"}
_HOUR: Block = {"type": "ephemeral", "ttl": "1h"}
_FIELD = "cache_control"
_UNMARKED = frozenset({"thinking", "redacted_thinking", "fallback", "mcp_tool_listing"})


def control(config: GenerationConfig, *, hour: bool) -> Block:
    """Returns the mark that a request asks for.

    Args:
        config: What is asked.
        hour: Whether the model's prompts can be kept for an hour.
    """
    if hour and config.HasField("prompt_cache"):
        ttl = config.prompt_cache.ttl
        if (ttl.seconds, ttl.nanos) > (_SHORT, 0):
            return _HOUR
    return _MINUTES


def mark(blocks: list[Block], with_control: Block) -> bool:
    """Marks the last of the blocks that can be marked; returns whether there is one."""
    for index in reversed(range(len(blocks))):
        if blocks[index]["type"] not in _UNMARKED:
            blocks[index] = {**blocks[index], _FIELD: with_control}
            return True
    return False


def marks(blocks: Sequence[Block]) -> int:
    """Returns how many of the blocks are marked."""
    return sum(_FIELD in block for block in blocks)
