"""Media, structure: reads the size in AV1's sequence header.

Layout: https://aomediacodec.github.io/av1-spec/, section 5.5.
"""

_SEQUENCE = 1
_MOST_UNITS = 16
"""Units to search: the sequence header is the first unit, or the second, behind a delimiter."""


class _Bits:
    """Reads bits, starting at the highest of each byte."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """Returns the next bits as a number.

        Raises:
            IndexError: There are not so many.
        """
        self._left -= count
        if self._left < 0:
            raise IndexError
        return self._value >> self._left & ((1 << count) - 1)


def largest_frame(data: bytes) -> tuple[int, int] | None:
    """Returns the largest frame size that the sequence header in some units allows; None without one."""
    at = 0
    for _ in range(_MOST_UNITS):
        if at >= len(data):
            return None
        head = data[at]
        at += 2 if head & 4 else 1  # a unit with an extension has a second header byte
        size = len(data) - at
        if head & 2:
            size, at = _leb128(data, at)
        if head >> 3 & 15 == _SEQUENCE:
            try:
                return _sequence(_Bits(data[at : at + min(size, 256)]))
            except IndexError:
                return None
        at += size
    return None


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        if at >= len(data):
            break
        value |= (data[at] & 0x7F) << 7 * index
        at += 1
        if not data[at - 1] & 0x80:
            break
    return value, at


def _sequence(bits: _Bits) -> tuple[int, int]:
    bits.take(4)  # profile, still_picture
    if bits.take(1):  # reduced_still_picture_header
        bits.take(5)
    else:
        _operating_points(bits)
    wide, high = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(wide) + 1, bits.take(high) + 1


def _operating_points(bits: _Bits) -> None:
    delay_bits, has_model = 0, 0
    if bits.take(1):  # timing_info_present_flag
        bits.take(64)
        if bits.take(1):  # equal_picture_interval
            _uvlc(bits)
        has_model = bits.take(1)
        if has_model:
            delay_bits = bits.take(5) + 1
            bits.take(42)
    has_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if has_model and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_delay and bits.take(1):
            bits.take(4)


def _uvlc(bits: _Bits) -> None:
    zeros = 0
    while not bits.take(1):
        zeros += 1
    bits.take(min(zeros, 32))
