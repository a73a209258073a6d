"""Sandbox, pure: log probabilities of tokens. The same token always has the same."""

import math
import zlib

_Json = dict[str, object]


def content(piece: str, top: int) -> _Json:
    """Returns what an answer tells of a token.

    Args:
        piece: The token.
        top: How many of the likeliest tokens in its place to tell; it is the first of them.
    """
    likeliest = [_token(piece, 0), *(_token(f"{piece}{rank}", rank) for rank in range(1, top))]
    return {**_token(piece, 0), "top_logprobs": likeliest[:top]}


def _token(piece: str, rank: int) -> _Json:
    share = (zlib.crc32(piece.encode()) % 50 + 50) / 100
    return {
        "token": piece,
        "logprob": round(math.log(share) - 2 * rank, 4),
        "bytes": list(piece.encode()),
    }
