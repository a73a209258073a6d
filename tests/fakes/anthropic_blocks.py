"""Tests, fakes: blocks of the Messages wire as they begin and grow in a stream.

A block here is the JSON of a whole answer, for what the SDK's types without betas do not have: tools of MCP
servers and the summaries of compactions.
https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool#streaming and
https://platform.claude.com/docs/en/build-with-claude/citations#streaming-support.
"""

import json
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")


def begun(block: Json) -> tuple[Json, list[Json]]:
    """The block as it begins, and the deltas that complete it."""
    kind = block["type"]
    if kind in _CALLS and block["input"]:
        pieces = ("", *_cut(json.dumps(block["input"], ensure_ascii=False)))
        return {**block, "input": {}}, [
            {"type": "input_json_delta", "partial_json": piece} for piece in pieces
        ]
    if kind == "text":
        # The citations come first, as from the real server.
        cited = [{"type": "citations_delta", "citation": one} for one in block.get("citations") or ()]
        texts = [{"type": "text_delta", "text": piece} for piece in _cut(block["text"])]
        start = {**block, "text": ""}
        return ({**start, "citations": []} if cited else start), [*cited, *texts]
    if kind == "compaction":
        start = {**block, "content": None}
        return start, [{"type": "compaction_delta", "content": piece} for piece in _cut(block["content"])]
    return block, []


def streamed(block: Json, index: int) -> list[Json]:
    """The events of a block."""
    start, deltas = begun(block)
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def _cut(text: str) -> tuple[str, ...]:
    """The text in two pieces, or in one if it is short."""
    half = len(text) // 2
    return (text[:half], text[half:]) if half else (text,)
