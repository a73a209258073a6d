"""Sandbox, pure: proposes strings and numbers for a schema, the likeliest first."""

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from random import Random

from ringmain_sandbox.pattern import PatternError
from ringmain_sandbox.schema import Root, number, whole

_LENGTH_LIMIT = 100_000
_WORDS = ("sandbox", "sample", "amber", "cobalt", "delta", "harbor", "lantern", "meadow", "quartz")
_TRIES = 3
_PATTERN_TRIES = (0, 1, 2, 4, 8, 16, 32, 64)


def strings(schema: Mapping[str, object], root: Root, rng: Random) -> Iterator[str]:
    """Yields strings for a schema, by its format, its pattern and its length."""
    least = whole(schema, "minLength")
    most = whole(schema, "maxLength", max(least, 40))
    if least > _LENGTH_LIMIT:
        return
    form = _FORMATS.get(str(schema.get("format")))
    if form is not None:
        yield from (form(rng) for _ in range(_TRIES))
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        yield from _matching(root, pattern, rng)
    for _ in range(_TRIES):
        root.budget.spend(least // 16)
        yield _text(least, most, rng)
    yield from (_digits(rng, most if most < 12 else max(least, 12)) for _ in range(_TRIES))


def _matching(root: Root, pattern: str, rng: Random) -> Iterator[str]:
    for more in _PATTERN_TRIES:
        for _ in range(4):
            try:
                yield root.pattern(pattern).write(rng, more)
            except PatternError:
                return


def _text(least: int, most: int, rng: Random) -> str:
    text = " ".join(rng.choices(_WORDS, k=2))
    while len(text) < least:
        text += " " + rng.choice(_WORDS)
    return text if len(text) <= most else text.replace(" ", "-")[: max(most, 0)]


def _digits(rng: Random, count: int) -> str:
    return "".join(rng.choices("0123456789abcdef", k=count))


def _date(rng: Random) -> str:
    return f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def _time(rng: Random) -> str:
    return f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}Z"


def _uuid(rng: Random) -> str:
    end = _digits(rng, 12)
    return f"{_digits(rng, 8)}-{_digits(rng, 4)}-4{_digits(rng, 3)}-8{_digits(rng, 3)}-{end}"


def _host(rng: Random) -> str:
    return f"{rng.choice(_WORDS)}.example.com"


def _address(rng: Random) -> str:
    return f"https://{_host(rng)}/{rng.choice(_WORDS)}"


def _mail(rng: Random) -> str:
    return f"{rng.choice(_WORDS)}@example.com"


# Names, hosts and addresses are those that RFC 2606, 5737 and 3849 keep free for examples.
_FORMATS: Mapping[str, Callable[[Random], str]] = {
    "date-time": lambda rng: f"{_date(rng)}T{_time(rng)}",
    "date": _date,
    "time": _time,
    "duration": lambda rng: f"PT{rng.randint(1, 59)}M",
    "email": _mail,
    "idn-email": _mail,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": lambda rng: f"192.0.2.{rng.randint(1, 254)}",
    "ipv6": lambda rng: f"2001:db8::{rng.randint(1, 9999)}",
    "uri": _address,
    "iri": _address,
    "uri-reference": _address,
    "iri-reference": _address,
    "uri-template": _address,
    "uuid": _uuid,
    "json-pointer": lambda rng: f"/{rng.choice(_WORDS)}",
    "relative-json-pointer": lambda rng: f"{rng.randint(0, 3)}",
    "regex": lambda rng: rng.choice(_WORDS),
}


def integers(schema: Mapping[str, object], rng: Random) -> Iterator[int]:
    """Yields integers for a schema, by its bounds and its step."""
    step = Fraction(str(number(schema, "multipleOf") or 1))
    step = Fraction(step.numerator)  # the smallest whole multiple
    for found in _multiples(schema, step, rng):
        yield int(found)


def numbers(schema: Mapping[str, object], rng: Random) -> Iterator[int | float]:
    """Yields numbers for a schema, by its bounds and its step."""
    step = number(schema, "multipleOf")
    if step is not None:
        for found in _multiples(schema, Fraction(str(step)), rng):
            yield int(found) if found.denominator == 1 else float(found)
        return
    low, high = map(float, _window(schema))
    yield round(rng.uniform(low, high), 2)
    yield low + (high - low) / 2
    yield from (low, high, math.nextafter(low, math.inf), math.nextafter(high, -math.inf))


def _multiples(schema: Mapping[str, object], step: Fraction, rng: Random) -> Iterator[Fraction]:
    """Yields multiples of a step within the bounds: a random one, then the lowest and the highest ones."""
    low, high = _window(schema)
    first, last = math.ceil(low / step), math.floor(high / step)
    if number(schema, "multipleOf") is not None and not _bounded(schema):
        last = max(last, first + 9)
    if first <= last:
        yield rng.randint(first, last) * step
    for offset in range(min(last - first + 1, 20)):
        yield (first + offset) * step
        yield (last - offset) * step


def _bounded(schema: Mapping[str, object]) -> bool:
    return "maximum" in schema or "exclusiveMaximum" in schema


def _window(schema: Mapping[str, object]) -> tuple[Fraction, Fraction]:
    """Returns bounds for a number. Whether they are exclusive is checked with each proposal."""
    lows = [number(schema, name) for name in ("minimum", "exclusiveMinimum")]
    highs = [number(schema, name) for name in ("maximum", "exclusiveMaximum")]
    low = max((Fraction(value) for value in lows if value is not None), default=None)
    high = min((Fraction(value) for value in highs if value is not None), default=None)
    if low is None:
        low = Fraction(1) if high is None or high > 1 else high - 100
    return low, low + 99 if high is None else high
