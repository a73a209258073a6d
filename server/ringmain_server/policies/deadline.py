"""Policies, pure: the time that an attempt may take of what is left (docs/reliability.md)."""

LEAD = 2 / 3
"""The share of the time left that an attempt gets while others may follow."""


def share(remaining: float, attempts_left: int, timeout: float, lead: float = LEAD) -> float:
    """Returns the seconds that the next attempt may take.

    The last attempt gets all the time that is left. One that others may follow gets the share `lead`, and the
    next one the same share of the rest. So the preferred candidate has the most time, and each later one
    some: with 30 s and three attempts 20, 6.7 and 3.3 s. The attempts after it also get what an attempt does
    not use. An attempt never gets more than its own timeout, so that a distant deadline changes nothing.

    Args:
        remaining: Seconds until the caller's deadline; infinite without one.
        attempts_left: Attempts that may still be made, the next one included; at least 1.
        timeout: Seconds that the candidate's settings allow.
        lead: The share for an attempt that others may follow, above 0 and below 1.

    Returns:
        0 when no time is left, never more than `remaining` or `timeout`, and less than `remaining` while
        others may follow.
    """
    part = remaining if attempts_left <= 1 else remaining * lead
    return max(0.0, min(part, timeout))
