"""Reading one file in each format, with the lines of its values."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.config import files, yamlfile
from ringmain_server.config.problems import ConfigError, Keys, Problem

YAML = """\
# A comment.
server:
  listen: 127.0.0.1:1
providers:
  up: {kind: openai,
       api_key: ${KEY}}
models:
  demo:
    candidates:
      - up/a
      - provider: up
        model: b
"""

JSON = """\
{
\t"server": {"listen": "127.0.0.1:1"},
\t"providers": {
\t\t"up": {"kind": "openai",
\t\t       "api_key": "${KEY}"}},
\t"models": {"demo": {"candidates": [
\t\t"up/a",
\t\t{"provider": "up",
\t\t "model": "b"}]}}
}
"""

TOML = """\
# A comment.
[server]
listen = "127.0.0.1:1"

[providers.up]  # The one.
kind = "openai"
"api_key" = "${KEY}"

[models.demo]
description = "Not in the other formats"
[[models.demo.candidates]]
provider = "up"
model = "a"
[[models.demo.candidates]]
provider = "up"
model = "b"
[models.demo.candidates.price]
input_per_mtok = 1
[models]
other.candidates = ["up/a"]
"""

VALUES = {
    "server": {"listen": "127.0.0.1:1"},
    "providers": {"up": {"kind": "openai", "api_key": "${KEY}"}},
    "models": {"demo": {"candidates": ["up/a", {"provider": "up", "model": "b"}]}},
}


def write(folder: Path, name: str, text: str) -> str:
    """Writes a file and gives its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def only_problem(path: str) -> Problem:
    """The one problem of a file that cannot be read."""
    with pytest.raises(ConfigError) as caught:
        files.read(path)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("r.yaml", YAML, (2, 3, 6, 10, 12)),
        ("r.json", JSON, (2, 2, 5, 7, 9)),
    ],
)
def test_lines(tmp_path: Path, name: str, text: str, lines: tuple[int, ...]) -> None:
    """YAML and JSON files give their values, each with its line."""
    source = files.read(write(tmp_path, name, text))
    assert source.values == VALUES
    candidates: Keys = ("models", "demo", "candidates")
    wanted: list[Keys] = [
        ("server",),
        ("server", "listen"),
        ("providers", "up", "api_key"),
        (*candidates, 0),
        (*candidates, 1, "model"),
    ]
    assert tuple(source.place(keys).line for keys in wanted) == lines


def test_toml_lines(tmp_path: Path) -> None:
    """TOML files give the lines of tables and keys as far as their looks tell."""
    source = files.read(write(tmp_path, "r.toml", TOML.replace("[models]\n", "[models.more]\n")))
    candidates: Keys = ("models", "demo", "candidates")
    wanted: dict[Keys, int] = {
        ("server",): 2,
        ("server", "listen"): 3,
        ("providers", "up"): 5,
        ("providers", "up", "api_key"): 7,
        ("models", "demo", "description"): 10,
        candidates: 11,
        (*candidates, 0, "model"): 13,
        (*candidates, 1): 14,
        (*candidates, 1, "model"): 16,
        (*candidates, 1, "price", "input_per_mtok"): 18,
        ("models", "more", "other", "candidates"): 20,
        ("models", "more", "other", "candidates", 0): 20,
    }
    assert {keys: source.place(keys).line for keys in wanted} == wanted


@pytest.mark.parametrize("name", ["r.yaml", "r.yml", "r.conf", "r", "R.YAML"])
def test_yaml_is_the_format_of_any_other_suffix(tmp_path: Path, name: str) -> None:
    """A file whose suffix is neither .json nor .toml is YAML."""
    assert files.read(write(tmp_path, name, "a: 1")).values == {"a": 1}


@pytest.mark.parametrize("name", ["r.yaml", "r.toml", "r.json"])
def test_byte_order_mark(tmp_path: Path, name: str) -> None:
    """A byte order mark at the start of a file is no part of it."""
    text = {"r.yaml": "{a: 1}", "r.toml": "a = 1", "r.json": '{"a": 1}'}[name]
    assert files.read(write(tmp_path, name, "\ufeff" + text)).values == {"a": 1}


def test_empty_yaml(tmp_path: Path) -> None:
    """A file of comments only sets nothing."""
    assert files.read(write(tmp_path, "r.yaml", "# nothing\n")).values == {}


def test_missing_file(tmp_path: Path) -> None:
    """A file that does not exist is a mistake that names it."""
    path = str(tmp_path / "none.yaml")
    assert str(only_problem(path)) == f"{path}: cannot be read: No such file or directory"


def test_file_that_is_not_text(tmp_path: Path) -> None:
    """A file of other bytes than UTF-8 is a mistake."""
    path = tmp_path / "r.yaml"
    path.write_bytes(b"a: \xff\xfe")
    assert only_problem(str(path)).message == "is not UTF-8 text"


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        ("r.yaml", "a: 1\nb: [sk-secret", 2, "is not YAML: expected ',' or ']'"),
        ("r.yaml", "a: 1\n---\nb: 1", 2, "is not YAML: but found another document"),
        ("r.yaml", "a: *sk", 1, "is not YAML: found undefined alias"),
        ("r.yaml", "a: \x07", None, "is not YAML: it has a character that YAML forbids"),
        ("r.yaml", "- 1\n- 2", 1, "must be a mapping of sections"),
        ("r.yaml", "a: 1\nb: {c: 1,\n c: 2}", 3, "is there twice"),
        ("r.yaml", "a: 1\na: 2", 2, "is there twice"),
        ("r.yaml", "a: &x\n  b: *x", 2, "refers to itself"),
        ("r.yaml", "a: !!python/none x", 1, "has an unknown tag"),
        ("r.yaml", "a: !!int sk-secret", 1, "does not fit its tag"),
        ("r.yaml", "a:\n  ? [1]\n  : 2", 2, "has a key that is not plain text"),
        ("r.yaml", "a:\n  <<: 1", 2, "is not YAML: expected a mapping"),
        ("r.json", '{"a": 1,\n "b": sk-secret}', 2, "is not JSON: Expecting value"),
        ("r.json", "[1]", 1, "must be a mapping of sections"),
        ("r.json", '{"a": {"b": 1, "b": 2}}', None, "has the key b twice"),
        ("r.toml", "a = 1\nb = sk-secret", 2, "is not TOML: Invalid value"),
        ("r.toml", "a = 1\na = 2", None, "is not TOML: "),
        ("r.toml", "a = [1", None, "is not TOML: Unclosed array"),
    ],
)
def test_broken_file(tmp_path: Path, name: str, text: str, line: int | None, message: str) -> None:
    """A broken file is a mistake with its line, and the message quotes nothing of the file."""
    problem = only_problem(write(tmp_path, name, text))
    assert problem.message.startswith(message)
    assert problem.line == line
    assert "secret" not in str(problem)


def test_yaml_scalars() -> None:
    """Plain scalars are those of YAML 1.2: dates, times and yes are text."""
    text = (
        "[1, -2, 007, 0x1F, 0o17, 1.5, .5, 1e3, -.inf, ~, null, '', true, FALSE,"
        " yes, 2024-10-21, 1:30, 1_000, 'x', =]"
    )
    numbers = [1, -2, 7, 31, 15, 1.5, 0.5, 1000.0, float("-inf")]
    words = ["yes", "2024-10-21", "1:30", "1_000", "x", "="]
    assert yamlfile.read("r", text).value == [*numbers, None, None, "", True, False, *words]


def test_yaml_anchors_and_merge_keys() -> None:
    """Anchors and merge keys work, an entry's own values win, and lines are their own."""
    text = "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: [*a, *a]\n"
    document = yamlfile.read("r", text)
    assert document.value == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": [{"x": 1, "y": 2}, {"x": 1, "y": 2}],
    }
    assert document.places["b", "x"].line == 1
    assert document.places["b", "y"].line == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a: ${X}}", "${X}"),
        ("{a: ${X:-d}, b: 1}", "${X:-d}"),
        ("a: $${X}", "$${X}"),
        ('a: "${X}\\n"', "${X}\n"),
        ("a: {${X}: 1}", {"${X}": 1}),
        ("a: |-\n  x ${X}", "x ${X}"),
    ],
)
def test_references_need_no_quotes(text: str, expected: object) -> None:
    """A reference to the environment needs no quotes, also where braces mean a mapping."""
    value = yamlfile.read("r", text).value
    assert isinstance(value, dict)
    assert value["a"] == expected


def test_json_keeps_surrogate_pairs(tmp_path: Path) -> None:
    """A JSON file's escapes mean what JSON says, and its lines are found all the same."""
    source = files.read(write(tmp_path, "r.json", '{"a": "\\ud83d\\ude00\\/"}'))
    assert source.values == {"a": "\U0001f600/"}
    assert source.place(("a",)).line == 1


def test_json_that_is_no_yaml_has_no_lines(tmp_path: Path) -> None:
    """Where YAML cannot follow a JSON file, its mistakes have no line."""
    source = files.read(write(tmp_path, "r.json", '{"a":\n "\x7f", "b": 1}'))
    assert source.place(("b",)).line is None


_NAMES = st.text(alphabet="abcdefghijklmnop-_", min_size=1, max_size=5)
_SCALARS = st.booleans() | st.integers(-(2**40), 2**40) | st.text(alphabet=st.characters(max_codepoint=126))
_TREES = st.dictionaries(
    _NAMES,
    st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def toml(value: object) -> str:
    """Writes plain values as TOML, the outermost mapping as pairs and the others inline."""

    def inline(value: object) -> str:
        match value:
            case dict():
                return "{" + ", ".join(f"{key} = {inline(inner)}" for key, inner in value.items()) + "}"
            case list():
                return "[" + ", ".join(map(inline, value)) + "]"
            case _:
                return json.dumps(value)

    assert isinstance(value, dict)
    return "\n".join(f"{key} = {inline(inner)}" for key, inner in value.items())


@given(_TREES)
def test_every_format_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, object]
) -> None:
    """One tree written in each format is read as the same values."""
    folder = tmp_path_factory.mktemp("formats")
    texts = {"r.json": json.dumps(tree), "r.toml": toml(tree), "r.yaml": yamlfile.write(tree)}
    for name, text in texts.items():
        source = files.read(write(folder, name, text))
        assert source.values == tree
        source.places()
