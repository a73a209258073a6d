"""Room 4, pure: reads the log probabilities of this wire.

https://ai.google.dev/api/generate-content#LogprobsResult: two lists of the same length, of the tokens that
were written and of the likeliest tokens at each place.
"""

from ringmain.v1.content_pb2 import TokenLogprob, TokenLogprobs

from ringmain_server.providers.numbers import logprob
from ringmain_server.providers.vertex import wire


def tokens(result: wire.LogprobsResult) -> list[TokenLogprobs]:
    """Returns every token of a message with its probability."""
    top = result.top_candidates
    return [
        TokenLogprobs(
            token=chosen.token,
            logprob=logprob(chosen.log_probability),
            top=map(_likely, top[index].candidates) if index < len(top) else (),
        )
        for index, chosen in enumerate(result.chosen_candidates)
    ]


def _likely(found: wire.LogprobsCandidate) -> TokenLogprob:
    return TokenLogprob(token=found.token, logprob=logprob(found.log_probability))
