"""Room 4, pure: reads the cost of an answer where its provider tells it in whole.

Three servers of this wire do, each in its own form:

* xAI: `cost_in_usd_ticks`, with discounts and the tools that it ran; a tick is 1e-10 US dollars
  (https://docs.x.ai/developers/cost-tracking).
* OpenRouter: `cost`, a number of credits, which are US dollars. With the operator's own key at the provider
  behind it (`is_byok`), that is OpenRouter's fee alone, and the provider's price is in `cost_details`
  (https://openrouter.ai/docs/use-cases/usage-accounting).
* Perplexity: `cost`, an object with a `total_cost` in US dollars, fees of requests and searches included
  (https://docs.perplexity.ai/api-reference/chat-completions-post).

A number named `cost` without OpenRouter's other fields may be anything, in any currency, and is not read.
"""

from collections.abc import Mapping
from decimal import Decimal

from ringmain_server.catalog.prices import MOST_NANO, NANO
from ringmain_server.providers.numbers import count_of, number

FIELDS = frozenset({"cost", "cost_in_usd_ticks"})
"""The fields of a usage that may have a cost."""
_TICKS = 10
"""Ticks of a billionth of a US dollar."""


def told_cost(counts: object) -> int | None:
    """Returns the whole cost in units of 1e-9 US dollars, None if the provider does not tell it.

    Args:
        counts: The wire's `usage`, or anything else if the provider gave none.
    """
    if not isinstance(counts, Mapping):
        return None
    ticks = count_of(counts, "cost_in_usd_ticks")
    if ticks is not None:
        return round(Decimal(ticks) / _TICKS)
    cost = counts.get("cost")
    if isinstance(cost, Mapping):
        return _nano(cost.get("total_cost")) if cost.get("currency", "USD") == "USD" else None
    return _of_credits(counts) if "is_byok" in counts or "cost_details" in counts else None


def _of_credits(counts: Mapping[str, object]) -> int | None:
    charged = _nano(counts.get("cost"))
    if not counts.get("is_byok"):
        return charged
    details = counts.get("cost_details")
    beside = _nano(details.get("upstream_inference_cost")) if isinstance(details, Mapping) else None
    return None if charged is None or beside is None else min(charged + beside, MOST_NANO)


def _nano(dollars: object) -> int | None:
    """Returns an amount of US dollars, which is finite and not negative, in billionths."""
    found = number(dollars)
    if found is None or found < 0:
        return None
    # A float's shortest text is the number that the provider wrote.
    nano = round(Decimal(str(found)) * NANO)
    return nano if nano <= MOST_NANO else None
