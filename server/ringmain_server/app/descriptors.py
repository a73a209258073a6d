"""App: how many files and sockets the process may have open, and how many of them callers may use."""

import resource


def raise_limit() -> None:
    """Raises the soft limit of descriptors to the hard one, the most that the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # as on macOS, whose kernel allows less than it says
            return


def limit() -> int:
    """Returns how many descriptors this process may have; a very large number where there is no limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if soft == resource.RLIM_INFINITY else soft


def for_callers(wanted: int) -> int:
    """Returns how many connections callers may have; half of all descriptors stay for providers and files.

    Args:
        wanted: The number that the operator allows.
    """
    return max(1, min(wanted, limit() // 2))
