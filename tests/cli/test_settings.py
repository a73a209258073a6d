"""`ringmain config`, and what the flags of `serve` make of the configuration."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from ringmain_server.cli import main
from ringmain_server.cli.failures import CommandFailure
from ringmain_server.cli.flag import parsed
from ringmain_server.cli.serve import ServeFlags, overrides

from tests.cli.conftest import CommandLine

GOOD = """
server: {listen: 127.0.0.1:50061}
providers:
  up: {kind: openai, base_url: http://127.0.0.1:9801/v1, api_key: sk-secret-value}
models:
  bench: {candidates: [up/gpt-4o-mini]}
"""
BAD = """
server: {lisen: 127.0.0.1:50061}
models:
  bench: {candidates: [nowhere/gpt-4o-mini]}
"""


@pytest.fixture
def ringmain(process_of: Callable[[str], CommandLine]) -> CommandLine:
    """The command line without a gateway."""
    return process_of("127.0.0.1:1")


def test_check_of_a_good_file(ringmain: CommandLine, tmp_path: Path) -> None:
    """A file without mistakes is ok."""
    (tmp_path / "c.yaml").write_text(GOOD)
    result = ringmain("config", "check", f"{tmp_path}/c.yaml")
    assert (result.exit_code, result.stdout) == (0, "ok: providers: 3, models: 1\n")


def test_check_lists_every_mistake(ringmain: CommandLine, tmp_path: Path) -> None:
    """Each mistake has its line, its path and what would be right; exit code 2."""
    (tmp_path / "c.yaml").write_text(BAD)
    result = ringmain("config", "check", f"{tmp_path}/c.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "2 mistakes" in result.stderr
    assert f"{tmp_path}/c.yaml:2: server.lisen: " in result.stderr
    assert "did you mean listen?" in result.stderr
    assert f"{tmp_path}/c.yaml:4: models.bench.candidates[0]" in result.stderr


def test_check_of_the_environment(ringmain: CommandLine, tmp_path: Path) -> None:
    """Without a file, the one that RINGMAIN_CONFIG names is checked."""
    result = ringmain("config", "check", RINGMAIN_CONFIG=f"{tmp_path}/none.yaml")
    assert result.exit_code == 2
    assert "cannot be read: No such file" in result.stderr


def test_show_masks_secrets(ringmain: CommandLine, tmp_path: Path) -> None:
    """The merged result has what the file says, but no secret."""
    (tmp_path / "c.yaml").write_text(GOOD)
    result = ringmain("config", "show", f"{tmp_path}/c.yaml")
    assert "listen: 127.0.0.1:50061" in result.stdout
    assert "sk-secret-value" not in result.stdout
    assert result.exit_code == 0


def test_flags_become_settings() -> None:
    """Flags that were given, and only those, become settings; named ones win over `--set`."""
    assert overrides(ServeFlags()) == {}
    flags = ServeFlags(
        listen="127.0.0.1:1",
        admin_listen="127.0.0.1:2",
        metrics_listen="127.0.0.1:3",
        health_listen="127.0.0.1:4",
        workers=2,
        log_level="debug",
        log_format="json",
        allow_unauthenticated=True,
        set=["timeouts.idle=20s", "server.workers=9"],
    )
    assert overrides(flags) == {
        "server.listen": "127.0.0.1:1",
        "server.admin_listen": "127.0.0.1:2",
        "server.metrics_listen": "127.0.0.1:3",
        "server.health_listen": "127.0.0.1:4",
        "server.workers": 2,
        "server.allow_unauthenticated": True,
        "log.level": "debug",
        "log.format": "json",
        "timeouts.idle": "20s",
    }


def test_set_needs_a_value() -> None:
    """`--set` without an equals sign is a mistake that says what is expected."""
    with pytest.raises(CommandFailure, match=r"--set takes PATH=VALUE, not 'timeouts\.idle'"):
        overrides(ServeFlags(set=["timeouts.idle"]))


def test_serve_with_mistakes(ringmain: CommandLine) -> None:
    """Wrong flags of `serve` are shown like mistakes of a file, and nothing starts."""
    result = ringmain("serve", "--listen", "0.0.0.0:1", "--set", "server.lisen=x", "--workers", "0")
    assert result.exit_code == 2
    assert "3 mistakes" in result.stderr
    assert "command line: server.lisen: " in result.stderr


ARGS = ["--config", "c.yaml", "--listen", "127.0.0.1:1", "--admin-listen", "127.0.0.1:2"]
ARGS += [
    "--metrics-listen",
    "127.0.0.1:3",
    "--health-listen",
    "127.0.0.1:4",
    "--workers",
    "2",
    "--log-level",
    "debug",
    "--log-format",
    "json",
]
ARGS += ["--allow-unauthenticated", "--set", "a=1", "--set", "b.c=2"]


def test_flags_without_typer() -> None:
    """The lean parser, which the serving process uses, reads every flag of `serve`."""
    assert parsed(ServeFlags, [], program="x") == ServeFlags()
    flags = parsed(ServeFlags, ARGS, program="x")
    assert flags == ServeFlags(
        config="c.yaml",
        listen="127.0.0.1:1",
        admin_listen="127.0.0.1:2",
        metrics_listen="127.0.0.1:3",
        health_listen="127.0.0.1:4",
        workers=2,
        log_level="debug",
        log_format="json",
        allow_unauthenticated=True,
        set=["a=1", "b.c=2"],
    )
    assert all(getattr(flags, field.name) for field in fields(ServeFlags)), "a flag is not tried here"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["serve", "--nope"], "unrecognized arguments: --nope"),
        (["serve", "--log-level", "loud"], "--log-level: invalid choice: 'loud'"),
        (["serve", "--workers", "few"], "--workers: invalid int value: 'few'"),
        (["serve", "--set", "x"], "--set takes PATH=VALUE, not 'x'"),
        (["serve", "--debug", "--set", "x"], "Traceback"),
        (["--debug", "serve", *ARGS[2:]], "a: unknown key"),
    ],
)
def test_mistakes_in_flags(args: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong flags are exit code 2, with typer and without."""
    assert main(args) == 2
    assert said in capsys.readouterr().err


def test_serving_imports_no_typer() -> None:
    """What `serve` runs through, mistakes included, leaves typer and rich out of the process."""
    run = "import sys; from ringmain_server.cli import main; main(['serve', '--set', 'x'])\n"
    run += "print(sorted({'typer', 'rich'}.intersection(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", run], check=True, capture_output=True, text=True)
    assert result.stdout == "[]\n"
