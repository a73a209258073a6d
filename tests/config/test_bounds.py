"""What a configuration file may be: a regular file of some size, with a number of values, in some levels."""

import os
import socket
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from ringmain_server.config import files, load, reading, substitute
from ringmain_server.config.problems import ConfigError

from tests.work import grows_in_proportion

pytestmark = pytest.mark.slow

_MB = 1 << 20


def refused(path: Path) -> str:
    """What is wrong with a file, in one message without its name."""
    with pytest.raises(ConfigError) as caught:
        files.read(str(path))
    return str(caught.value.problems[0]).replace(str(path), "FILE")


def aliases(ending: str) -> str:
    """Nine aliases of nine aliases, nine levels of them, used by `ending`."""
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    return "\n".join([*lines, ending])


def merges() -> str:
    """The same with merge keys, which the library merges before anybody builds them."""
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9)]
    return "\n".join(lines)


def chained() -> str:
    """Few values, each an alias of the one before within one more list."""
    return "\n".join(["a0: &a0 [1]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 400))])


BOMBS = {
    "aliases.yaml": aliases("models: *a8"),
    "merges.yaml": merges(),
    "chained.yaml": chained(),
    "itself.yaml": "a: &a {b: &b [*a, *a], c: [*b, *b]}",
    "deep.yaml": "a: " + "[" * 10_000,
    "deep-block.yaml": "\n".join(" " * n + "a:" for n in range(400)),
    "deep.json": '{"a": ' + "[" * 1_000_000,
    "many.json": '{"a": [' + "[]," * 200_000 + "[]]}",
    "digits.json": '{"a": ' + "1" * 100_000 + "}",
    "twice.json": "{" + ",".join(f'"k{n}": 1' for n in range(40_000)) + ',"k39999": 2}',
    "deep.toml": "a = " + "[" * 1_000_000,
    "deep-objects.toml": "a = " + "{a = " * 1_000,
    "dotted.toml": "a" + ".a" * 500_000 + " = 1",
    "quoted.toml": '"a"' + '."a"' * 500_000 + " = 1",
    "table.toml": "[a" + ".a" * 500_000 + "]\n",
    "many.toml": "a = [" + "1," * 200_000 + "1]",
    "digits.toml": "a = " + "1" * 100_000,
    "tables.toml": "".join(f"[t{n}]\n" for n in range(60_000)),
    "lists.toml": "[[a]]\n" * 60_000,
    "lines.toml": "\n" * 200_000,
    "lines.yaml": "\r" * 200_000,
    "block.yaml": "a: |\n" + " x\n" * 200_000,
    "name.yaml": "a: *" + "a" * 100_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(tmp_path: Path, name: str) -> None:
    """A document that is larger inside than any configuration is refused before it is built."""
    path = tmp_path / name
    path.write_text(BOMBS[name])
    tracemalloc.start()
    try:
        message = refused(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert message.startswith("FILE")
    assert len(message) < 300
    assert peak < 40 * _MB


def test_lines_that_a_pattern_would_not_leave(tmp_path: Path) -> None:
    """Telling the lines of a TOML file takes one pass, whatever its texts hold."""
    path = tmp_path / "r.toml"

    def work(size: int) -> Callable[[], object]:
        texts = ["." * size, ". " * size, "[" + " " * 4 * size, "a" * size, "'a' " * size + "x"]
        path.write_text('a = """\n' + "\n".join(texts) + '\n"""\nb = 1\n')

        def place() -> None:
            source = files.read(str(path))
            assert source.place(("b",)).line == len(texts) + 3

        return place

    assert grows_in_proportion(work, 8_000)


def test_an_alias_counts_where_it_is_used(tmp_path: Path) -> None:
    """Aliases within the limits are fine, also many of one."""
    path = tmp_path / "r.yaml"
    path.write_text("a: &a [1, 2, 3]\nb: [" + ", ".join(["*a"] * 2_000) + "]\n")
    values = files.read(str(path)).values["b"]
    assert values == [[1, 2, 3]] * 2_000


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    """A pipe, a device, a socket or a directory is refused at once, and nobody waits for it."""
    pipe, address = tmp_path / "pipe", tmp_path / "socket"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(address))
        assert refused(pipe) == "FILE: cannot be read: it is a pipe, not a regular file"
        assert refused(address) == "FILE: cannot be read: it is a socket, not a regular file"
    assert refused(Path("/dev/zero")) == "FILE: cannot be read: it is a device, not a regular file"
    assert refused(tmp_path) == "FILE: cannot be read: it is a directory, not a regular file"
    assert "cannot be read" in refused(tmp_path / "a\0b")


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    """A file beyond 4 MiB is not read to its end."""
    path = tmp_path / "r.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert refused(path) == "FILE: cannot be read: it is larger than 4 MiB"


def test_a_file_that_does_not_answer() -> None:
    """A read that never ends, as on a network file system that is gone, is given up."""

    def stuck(path: str, most: int) -> bytes:
        time.sleep(5)
        return b""

    with pytest.raises(reading.Unreadable, match="does not answer"):
        reading.read_bytes("r.yaml", seconds=0.02, read=stuck)


def test_references_stand_for_so_much_text() -> None:
    """References to the environment cannot grow into more text than a limit, alone or together."""
    environ = {"LONG": "x" * 100_000}
    values: dict[str, object] = {"a": ["${LONG}"] * 10 + ["${LONG}" * 1_000]}
    resolved, mistakes = substitute.resolve(values, environ)
    (mistake,) = mistakes
    assert mistake.keys == ("a", 10)
    assert "too much text" in mistake.message
    listed = resolved["a"]
    assert isinstance(listed, list)
    assert listed[:10] == [environ["LONG"]] * 10


def test_mistakes_without_number_are_not_all_listed(tmp_path: Path) -> None:
    """A file of nothing but mistakes has some of them listed, in no time worth mentioning."""
    path = tmp_path / "r.json"
    path.write_text('{"server": {' + ",".join(f'"liste{n}": 1' for n in range(2_000)) + "}}")
    with pytest.raises(ConfigError) as caught:
        load(str(path), environ={})
    assert 50 <= len(caught.value.problems) <= 200


@pytest.mark.parametrize("text", ["", "\n", "# models: {}\n", "---\n", "{}", "null\n"])
def test_an_empty_file_may_be_one_that_is_being_written(tmp_path: Path, text: str) -> None:
    """What is read again must say something; at the start, an empty file is as good as none."""
    path = tmp_path / "r.yaml"
    path.write_text(text)
    assert load(str(path), environ={}).models == {}
    with pytest.raises(ConfigError, match="is empty"):
        load(str(path), environ={}, may_be_empty=False)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ('headers: {"X": "a\\nb"}', "headers.X: must not have line breaks"),
        ('headers: {"X": "a\\0b"}', "headers.X: must not have line breaks"),
        ('headers: {"X: Y": "a"}', "headers.X: Y: is no name of an HTTP header"),
        ('headers: {"": "a"}', "is no name of an HTTP header"),
        (
            'headers: {"Content-Length": "1"}',
            "headers.Content-Length: is a header that belongs to each request",
        ),
        ('organization: "a\\rb"', "organization: must not have line breaks"),
        ('api_key: "sk-a\\nb"', "api_key: must not have line breaks"),
        ('base_url: "http://a\\nb"', "base_url: must not have line breaks"),
    ],
)
def test_what_no_request_can_carry(tmp_path: Path, setting: str, message: str) -> None:
    """A header that would break each request is found when the configuration is read, and not shown."""
    path = tmp_path / "r.yaml"
    path.write_text(
        f"providers: {{up: {{kind: openai, api_key: sk-x, {setting}}}}}".replace("api_key: sk-x, api", "api")
    )
    with pytest.raises(ConfigError) as caught:
        load(str(path), environ={})
    assert message in str(caught.value)
    assert "sk-a" not in str(caught.value)


@pytest.mark.parametrize(
    "setting",
    [
        "server: {keepalive_time: 1e12}",
        "server: {workers: 100000}",
        "server: {max_concurrent_streams: 9999999999}",
        "timeouts: {idle: 99999999999999h}",
        'models: {m: {candidates: [{provider: sandbox, model: x, price: {per_image: "1e999999"}}]}}',
    ],
)
def test_numbers_beyond_any_use(tmp_path: Path, setting: str) -> None:
    """A number that timers, the kernel or arithmetic cannot take is found when the configuration is read."""
    path = tmp_path / "r.yaml"
    path.write_text(setting)
    with pytest.raises(ConfigError, match="must be at most"):
        load(str(path), environ={})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.yaml", "timeouts: {idle: 0xDIGITS}"),
        ("r.yaml", "server: {workers: 0xDIGITS}"),
        ("r.yaml", "providers: {a: {kind: 0xDIGITS}}"),
        ("r.toml", "[timeouts]\nidle = 0xDIGITS"),
        ("r.json", '{"timeouts": {"idle": DIGITS}}'),
    ],
)
def test_numbers_that_python_cannot_handle(tmp_path: Path, name: str, text: str) -> None:
    """A whole number that cannot be turned into another number, or into text, is a mistake with a line."""
    digits = "9" * (4000 if name.endswith("json") else 6000)
    path = tmp_path / name
    path.write_text(text.replace("DIGITS", digits))
    with pytest.raises(ConfigError, match="is a number that is too large") as caught:
        load(str(path), environ={})
    assert caught.value.problems[0].line


@pytest.mark.parametrize("key", ["\\ud800", "\\0", "a\\nb", "\\u009b"])
def test_what_cannot_be_printed_is_escaped(tmp_path: Path, key: str) -> None:
    """A mistake is one line of text that every terminal, log and message of gRPC can take."""
    path = tmp_path / "r.yaml"
    path.write_text(f'"{key}": 1\nproviders: {{"{key}": {{kind: openai}}}}\n')
    with pytest.raises(ConfigError) as caught:
        load(str(path), environ={})
    for problem in caught.value.problems:
        assert str(problem).isprintable()


@pytest.mark.parametrize("text", ["server: ${NOT_SET}", "providers: {a: ${NOT_SET}}", "nonsense: ${NOT_SET}"])
def test_a_whole_section_by_reference(tmp_path: Path, text: str) -> None:
    """A reference that cannot be followed is told with the line of the file, also in place of a section."""
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(str(path), environ={})
    assert [(problem.source, problem.line) for problem in caught.value.problems] == [(str(path), 1)]
