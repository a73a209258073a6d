"""`ringmain db` against real databases."""

import json
from pathlib import Path

import pytest
from ringmain_server.storage.url import Location

from tests.cli.conftest import CommandLine
from tests.e2e.keyed import url_of


def test_a_database_from_nothing(ringmain: CommandLine, tmp_path: Path) -> None:
    """It is said to be missing until it is migrated, which a second time changes nothing."""
    path = tmp_path / "ringmain.db"
    storage = {"RINGMAIN_STORAGE__URL": f"sqlite:///{path}"}
    missing = ringmain("db", "status", **storage)
    assert missing.exit_code == 1
    assert missing.stdout.splitlines()[1:] == ["schema    none", "needed    0001", "state     missing"]
    assert not path.exists()
    done = ringmain("db", "migrate", **storage)
    assert (done.exit_code, done.stdout) == (0, f"{path} was migrated from nothing to 0001\n")
    assert ringmain("db", "migrate", **storage).stdout == f"{path} was up to date\n"
    found = ringmain("db", "status", "--json", **storage)
    assert found.exit_code == 0
    assert json.loads(found.stdout) == {
        "database": str(path),
        "schema": "0001",
        "needed": "0001",
        "state": "current",
    }


def test_a_database_of_a_configuration(ringmain: CommandLine, tmp_path: Path) -> None:
    """`--config` names the file that `serve` is given."""
    config = tmp_path / "ringmain.yaml"
    config.write_text(f"storage: {{url: 'sqlite:///{tmp_path}/named.db'}}\n")
    assert ringmain("db", "migrate", "--config", str(config)).exit_code == 0
    assert (tmp_path / "named.db").exists()


def test_a_backup_and_back(ringmain: CommandLine, where: Location, tmp_path: Path) -> None:
    """What a backup holds is restored; a database that is not empty is replaced only where that is said."""
    storage = {"RINGMAIN_STORAGE__URL": url_of(where)}
    file = tmp_path / "keys.backup"
    assert ringmain("keys", "bootstrap", **storage).exit_code == 0
    done = ringmain("db", "backup", str(file), **storage)
    assert (done.exit_code, done.stdout) == (0, f"{file}: {file.stat().st_size} bytes of {where}\n")
    refused = ringmain("db", "restore", str(file), **storage)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"error: the database {where} is not empty")
    restored = ringmain("db", "restore", str(file), "--replace", **storage)
    assert restored.exit_code == 0
    assert restored.stdout.startswith(f"{where}: restored from {file}")
    assert ringmain("keys", "bootstrap", **storage).exit_code == 1  # the key is there


@pytest.mark.parametrize("command", ["migrate", "backup FILE", "restore FILE"])
def test_memory_is_no_database(ringmain: CommandLine, tmp_path: Path, command: str) -> None:
    """There is nothing to look after, which a line says."""
    words = command.replace("FILE", str(tmp_path / "file")).split()
    done = ringmain("db", *words, RINGMAIN_STORAGE__URL="memory")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: storage.url is memory: there is nothing to")


def test_without_a_state_folder(ringmain: CommandLine) -> None:
    """Where the default file has no place, as in the image, a line says which setting names one."""
    done = ringmain("db", "status", _RINGMAIN_STATE="")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: API keys need a database")
