"""Configuration: parses durations, sizes and addresses."""

import ipaddress
import re

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h)?", re.ASCII)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}

_SIZE = re.compile(r"([0-9]+)\s*(B|[kKMG]i?B)?", re.ASCII)
_BYTES = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
}

_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})", re.ASCII)


def seconds(value: object) -> float:
    """Parses a duration: a number of seconds, or text such as `500ms`, `30s`, `2m`, `1h`.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ValueError("must be a duration, such as 30, 500ms, 30s, 2m or 1h") from None
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a duration, such as 30, 500ms, 30s, 2m or 1h")
    # Milliseconds are divided, because .001 has no exact binary form: 300ms is .3, not .30000004.
    number, unit = float(match[1]), match[2] or "s"
    return number / 1000 if unit == "ms" else number * _SECONDS[unit]


def size(value: object) -> int:
    """Parses a size: a number of bytes, or text such as `64MiB`, `512KiB`, `10MB`.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a size, such as 1048576, 512KiB, 64MiB or 1GB")
    return int(match[1]) * _BYTES[(match[2] or "B").upper()]


def address(value: str) -> str:
    """Checks an address to listen on: `host:port`, `[v6]:port` or `unix:path`.

    Raises:
        ValueError: It is none of these.
    """
    if is_unix(value) and value.partition(":")[2]:
        return value
    return host_port(value)


def host_port(value: str) -> str:
    """Checks an address of the form `host:port` or `[v6]:port`.

    Raises:
        ValueError: It is not.
    """
    match = _HOST_PORT.fullmatch(value)
    if match is None or int(match[2]) > 65535:
        raise ValueError("must be an address with a port, such as 127.0.0.1:50051 or [::1]:50051")
    return value


def is_unix(value: str) -> bool:
    """Whether an address is a Unix domain socket, in gRPC's notation."""
    return value.startswith(("unix:", "unix-abstract:"))


def is_loopback(value: str) -> bool:
    """Whether only programs on the same machine can reach an address.

    A host name other than `localhost` counts as reachable from elsewhere, because its address may change.
    """
    if is_unix(value):
        return True
    host = value.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
