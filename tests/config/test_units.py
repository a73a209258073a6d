"""Durations, sizes and addresses as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.config import units


@pytest.mark.parametrize(
    ("text", "expected"),
    [(30, 30.0), (0.5, 0.5), ("30", 30.0), ("500ms", 0.5), ("1.5 s", 1.5), ("2m", 120.0), ("1h", 3600.0)],
)
def test_duration(text: object, expected: float) -> None:
    """A duration is a number of seconds or text with a unit."""
    assert units.seconds(text) == expected


@pytest.mark.parametrize("wrong", ["soon", "", "1d", "-1s", "1m30s", True, None, [1]])
def test_wrong_duration(wrong: object) -> None:
    """What is no duration is refused with examples of one."""
    with pytest.raises(ValueError, match="such as 30, 500ms"):
        units.seconds(wrong)


@given(st.integers(min_value=0, max_value=10**9))
def test_milliseconds_are_exact(count: int) -> None:
    """Milliseconds become the float that is nearest to them."""
    assert units.seconds(f"{count}ms") == count / 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [(10, 10), ("10", 10), ("10B", 10), ("1KB", 1000), ("1kB", 1000), ("64MiB", 2**26), ("2 GiB", 2**31)],
)
def test_size(text: object, expected: int) -> None:
    """A size is a number of bytes or text with a unit."""
    assert units.size(text) == expected


@pytest.mark.parametrize("wrong", ["big", "1.5MB", "-1", True, 1.5, None])
def test_wrong_size(wrong: object) -> None:
    """What is no size is refused with examples of one."""
    with pytest.raises(ValueError, match="such as 1048576"):
        units.size(wrong)


@pytest.mark.parametrize(
    "good", ["127.0.0.1:0", "localhost:65535", "[::1]:1", "unix:/run/r.sock", "unix-abstract:r", "a-b.c:80"]
)
def test_address(good: str) -> None:
    """An address is a host with a port, or a Unix domain socket."""
    assert units.address(good) == good


@pytest.mark.parametrize("wrong", ["", "50051", ":50051", "host", "host:", "host:65536", "::1:1", "unix:"])
def test_wrong_address(wrong: str) -> None:
    """An address without host or port is refused with examples."""
    with pytest.raises(ValueError, match="such as 127"):
        units.address(wrong)


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1:1", True),
        ("127.8.8.8:1", True),
        ("localhost:1", True),
        ("[::1]:1", True),
        ("unix:/x", True),
        ("unix-abstract:x", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("10.0.0.1:1", False),
        ("localhost.example.org:1", False),
        ("gateway:1", False),
    ],
)
def test_loopback(address: str, loopback: bool) -> None:
    """Only addresses that stay on this machine for certain count as loopback."""
    assert units.is_loopback(address) is loopback
