"""Configuration: reads one YAML, JSON or TOML file. The suffix tells which format it has.

The parser of a format is imported when a file of that format is read. A gateway without a file imports none.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from ringmain_server.config import bounds, reading
from ringmain_server.config.problems import ConfigError, Keys, Place, Problem, cut
from ringmain_server.config.tree import Source, Tree

# Possessive quantifiers, so that each line is scanned once: it may be no table and no key at all.
_TABLE = re.compile(r"\s*+(\[\[?)([^\[\]]++)\]\]?\s*+(?:#.*)?")
_PAIR = re.compile(r"""\s*+((?:[\w-]++\s*+|\.\s*+|"[^"]*+"\s*+|'[^']*+'\s*+)++)=""")
_NAME = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def read(path: str) -> Source:
    """Reads a configuration file.

    Raises:
        ConfigError: There is no such file, or it is not a mapping in its format.
    """
    text = _text(path)
    try:
        bounds.check_lines(text)
        return _FORMATS.get(Path(path).suffix.lower(), _yaml)(path, text)
    except bounds.OutOfBounds as exc:
        raise _failure(path, None, str(exc)) from exc
    except RecursionError as exc:  # the parser has a lower limit than ours
        raise _failure(path, None, "is nested too deeply") from exc


def _text(path: str) -> str:
    try:
        # Editors on Windows write a byte order mark, which none of these formats allows.
        return reading.read_bytes(path).decode("utf-8-sig")
    except reading.Unreadable as exc:
        raise _failure(path, None, f"cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise _failure(path, None, "is not UTF-8 text") from exc


def _failure(path: str, line: int | None, message: str) -> ConfigError:
    return ConfigError([Problem("", line, message, source=path)])


def _mapping(path: str, value: object) -> Tree:
    if isinstance(value, dict):
        return value
    raise _failure(path, 1, "must be a mapping of sections, such as server and providers")


def _yaml(path: str, text: str) -> Source:
    from ringmain_server.config import yamlfile

    document = yamlfile.read(path, text)
    values = {} if document.value is None else _mapping(path, document.value)
    return Source(path, values, lambda: document.places)


def _json(path: str, text: str) -> Source:
    def unique(pairs: list[tuple[str, object]]) -> Tree:
        values = dict(pairs)
        if len(values) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            twice = next(name for name, count in counts.items() if count > 1)
            raise _failure(path, None, f"has the key {cut(twice)} twice in one object")
        return values

    bounds.check_json(text)
    try:
        value = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as exc:
        raise _failure(path, exc.lineno, f"is not JSON: {exc.msg}") from exc
    except ValueError as exc:  # Python refuses numbers of more than a few thousand digits
        raise _failure(path, None, "is not JSON: it has a number that is too long") from exc
    return Source(path, _mapping(path, value), cache(lambda: _json_places(path, text)))


def _json_places(path: str, text: str) -> Mapping[Keys, Place]:
    # JSON is a subset of YAML except for tabs, which JSON allows only between values.
    from ringmain_server.config import yamlfile

    try:
        return yamlfile.read(path, text.replace("\t", " ")).places
    except ConfigError:
        return {}


def _toml(path: str, text: str) -> Source:
    bounds.check_toml(text)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        found = re.search(r"line (\d+)", str(exc))
        line = int(found[1]) if found else None
        raise _failure(path, line, f"is not TOML: {str(exc).partition(' (at ')[0]}") from exc
    except ValueError as exc:
        raise _failure(path, None, "is not TOML: it has a number that is too long") from exc
    return Source(path, values, cache(lambda: _toml_places(path, text)))


def _toml_places(path: str, text: str) -> Mapping[Keys, Place]:
    """Finds the lines of tables and keys in the text, because `tomllib` does not report lines.

    Keys inside inline tables are not found; they get the line of their table.
    """
    places: dict[Keys, Place] = {}
    lists: dict[Keys, int] = {}
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), 1):
        here = Place(path, number)
        if header := _TABLE.fullmatch(line):
            table = _indexed(_names(header[2]), lists)
            if header[1] == "[[":
                lists[table] = lists.get(table, -1) + 1
                places.setdefault(table, here)
                table = (*table, lists[table])
        elif pair := _PAIR.match(line):
            places.setdefault((*table, *_names(pair[1])), here)
            continue
        else:
            continue
        for length in range(1, len(table) + 1):
            places.setdefault(table[:length], here)
    return places


def _names(text: str) -> Keys:
    return tuple(name.strip("\"'") for name in _NAME.findall(text))


def _indexed(names: Keys, lists: Mapping[Keys, int]) -> Keys:
    """Inserts the index of the last table after each name of an array of tables."""
    keys: Keys = ()
    for position, name in enumerate(names):
        keys = (*keys, name)
        if keys in lists and position < len(names) - 1:
            keys = (*keys, lists[keys])
    return keys


_FORMATS: Mapping[str, Callable[[str, str], Source]] = {".json": _json, ".toml": _toml}
"""Readers by suffix. Any other suffix is read as YAML."""
