"""Room 2, pure: estimates the least and the most that a request costs."""

from collections.abc import Sequence

from ringmain.v1.chat_service_pb2 import ChatRequest, EstimateCostResponse
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate


def cost_range(
    request: ChatRequest, input_tokens: int, candidates: Sequence[Candidate]
) -> EstimateCostResponse:
    """Returns the cost with an empty answer, and with the longest that the request allows.

    Args:
        request: The request.
        input_tokens: Its tokens.
        candidates: The candidates of its model, in order; at least one.

    Returns:
        The least from the first candidate, the most from the most expensive. The most is absent when any
        candidate's price or longest answer is unknown, since that one could be the most expensive.
    """
    response = EstimateCostResponse(input_token_count=input_tokens)
    least = _cost(candidates[0], input_tokens, 0)
    if least is not None:
        response.min_cost_nano_usd = least
    most = [_most(request, input_tokens, candidate) for candidate in candidates]
    known = [cost for cost in most if cost is not None]
    if len(known) == len(most):
        response.max_cost_nano_usd = max(known)
    return response


def _most(request: ChatRequest, input_tokens: int, candidate: Candidate) -> int | None:
    """Returns the cost of a candidate's longest answer, None when unknown."""
    config = request.generation_config
    bounds = [
        config.max_output_tokens if config.HasField("max_output_tokens") else 0,
        candidate.max_output_tokens,
        max(candidate.context_tokens - input_tokens, 0) if candidate.context_tokens else 0,
    ]
    longest = min((bound for bound in bounds if bound > 0), default=None)
    return None if longest is None else _cost(candidate, input_tokens, longest)


def _cost(candidate: Candidate, input_tokens: int, output_tokens: int) -> int | None:
    if candidate.price is None:
        return None
    return candidate.price.cost_nano_usd(
        Usage(input_token_count=input_tokens, output_token_count=output_tokens)
    )
