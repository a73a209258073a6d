"""Tests, fuzz: odd texts, numbers and bytes, each a function of the random numbers that it is given."""

import random
import string

MARK = "zz"
"""Stands before and after the number of a case, wherever an upstream has to know whose request it is."""

TEXTS = (
    "",
    " ",
    "\0",
    "a\0b\0",
    "\n\r\t\v\f",
    "\x1b[31mred\x07",
    "\u202eright to left\u202c",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "e" + "\u0301" * 300,
    "\ufeffmark",
    "\ufffe\uffff\U0010ffff",
    "\u2028\u2029\x85",
    "\u0130\u0131\u00df\ufb01",
    "\U0001d54f" * 20,
    "null",
    "NaN",
    "-0",
    "1e999",
    "true",
    "{}",
    "[1,",
    '{"a":' * 40,
    '"\\ud800"',
    "%s%n%d{0}{}",
    "../../../etc/passwd",
    "';--",
    "<script>alert(1)</script>",
    "text/plain; charset=utf-8",
    "image/png",
    "IMAGE/PNG;",
    "application/json",
    "0x1024",
    "1024x1024",
    "16:9",
    "0:0",
    "-1x-1",
    "99999999999999999999x1",
    "en-US",
    "x" * 257,
    "y" * 5000,
    "sandbox",
    "sandbox/",
    "/echo",
    "a/b/c/d",
    "*",
)
URIS = (
    "https://example.com/a.png",
    "http://example.com/a.png",
    "https://[::1",
    "https://[::1]/x",
    "https://\0/",
    "https://?x",
    "https://user:password@example.com/",
    "https://example.com:99999/",
    "https://127.0.0.2/x",
    "https://169.254.169.254/latest",
    "https://exa mple.com/",
    "https://" + "a" * 3000 + ".com/",
    "https://xn--/",
    "https://\u00e9\u00e8.\u4f8b/",
    "https://%",
    "https:",
    "https:///",
    "file:///etc/hosts",
    "data:image/png;base64,AAAA",
    "data:,",
    "gs://bucket/object",
    "gs://",
    "ftp://x",
    "javascript:1",
    "//x",
)
INTEGERS = (
    0,
    1,
    -1,
    2,
    3,
    7,
    64,
    255,
    256,
    1000,
    4096,
    65_536,
    2**31 - 1,
    -(2**31),
    2**53,
    2**63 - 1,
    -(2**63),
)
FLOATS = (0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 1e-30, 3.4e38, -3.4e38, float("nan"), float("inf"), float("-inf"))
LONG = 200_000
"""Characters of the longest text."""


def text(rng: random.Random) -> str:
    """Any text that protobuf takes."""
    fate = rng.random()
    if fate < 0.6:
        return rng.choice(TEXTS)
    if fate < 0.7:
        return rng.choice(URIS)
    if fate < 0.9:
        return "".join(rng.choice(string.printable) for _ in range(rng.randrange(40)))
    if fate < 0.99:
        return "".join(_character(rng) for _ in range(rng.randrange(60)))
    return _character(rng) * rng.choice((10_000, LONG))


def _character(rng: random.Random) -> str:
    point = rng.choice((rng.randrange(0x80), rng.randrange(0x800), rng.randrange(0xD800), 0x10FFFF))
    return chr(rng.randrange(0xE000, 0x110000) if point == 0x10FFFF else point)


def integer(rng: random.Random, bits: int, *, signed: bool) -> int:
    """An integer that fits."""
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    found: int = rng.choice(INTEGERS) if rng.random() < 0.8 else rng.randint(low, high)
    return int(min(max(found, low), high))


def number(rng: random.Random) -> float:
    """A float, which may be none of the finite ones."""
    return rng.choice(FLOATS) if rng.random() < 0.7 else rng.uniform(-100, 100)


def raw(rng: random.Random, longest: int = 300) -> bytes:
    """Bytes without meaning."""
    return rng.randbytes(rng.randrange(longest))


def broken(rng: random.Random, data: bytes) -> bytes:
    """Bytes with something done to them: flipped, cut, repeated, put in, taken out."""
    if not data:
        return raw(rng)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = rng.randrange(len(data) + 1)
        size = rng.choice((1, 1, 2, 4, 16, 200))
        match rng.randrange(6):
            case 0:
                data = data[:at]
            case 1:
                data = (
                    data[:at]
                    + bytes(byte ^ (1 << rng.randrange(8)) for byte in data[at : at + 1])
                    + data[at + 1 :]
                )
            case 2:
                data = data[:at] + rng.randbytes(size) + data[at:]
            case 3:
                data = data[:at] + data[at + size :]
            case 4:
                data = data[:at] + data[at : at + size] * rng.choice((2, 3, 50)) + data[at + size :]
            case _:
                other = rng.randrange(len(data) + 1)
                data = data[:at] + data[other : other + size] + data[at + size :]
    return data
