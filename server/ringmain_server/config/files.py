"""Configuration, outside the rooms: reads one YAML, JSON or TOML file, told apart by its suffix.

Readers are imported when a file of their kind is read: a gateway without a file loads none.
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

# Possessive, so that no line takes more than one pass: others may be meant than tables and keys.
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
    except RecursionError as exc:  # a reader gave up where the limits did not
        raise _failure(path, None, "is nested too deeply") from exc


def _text(path: str) -> str:
    try:
        # Editors on Windows write a byte order mark, which no format here wants.
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
    except ValueError as exc:  # Python refuses numbers of more than some thousand digits
        raise _failure(path, None, "is not JSON: it has a number that is too long") from exc
    return Source(path, _mapping(path, value), cache(lambda: _json_places(path, text)))


def _json_places(path: str, text: str) -> Mapping[Keys, Place]:
    # JSON is YAML but for tabs, which JSON has between values only.
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
    """Finds tables and keys by their looks, because `tomllib` tells no lines.

    Keys inside inline tables are not found; their table's line serves them.
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
    """Puts the position of the list's last table behind each name of a list of tables."""
    keys: Keys = ()
    for position, name in enumerate(names):
        keys = (*keys, name)
        if keys in lists and position < len(names) - 1:
            keys = (*keys, lists[keys])
    return keys


_FORMATS: Mapping[str, Callable[[str, str], Source]] = {".json": _json, ".toml": _toml}
"""Readers by suffix; any other is YAML's."""
