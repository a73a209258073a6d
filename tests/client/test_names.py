"""The names that the client exports, which are imported when they are first used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import ringmain


def test_every_name_is_there() -> None:
    """Each exported name is what its module has, and the table agrees with what type checkers read."""
    source = Path(ringmain.__file__).read_text(encoding="utf-8")
    declared = {
        node.module: tuple(alias.name for alias in node.names)
        for branch in ast.parse(source).body
        if isinstance(branch, ast.If)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
    }
    assert declared == ringmain._HOMES
    assert sorted(name for names in declared.values() for name in names) == sorted(ringmain.__all__)
    for home, names in declared.items():
        for name in names:
            assert getattr(ringmain, name) is getattr(sys.modules[str(home)], name)
    assert set(ringmain.__all__) <= set(dir(ringmain))


def test_an_unknown_name() -> None:
    """A name that does not exist is told like that of any module."""
    with pytest.raises(AttributeError, match="module 'ringmain' has no attribute 'Cleint'"):
        _ = ringmain.Cleint  # type: ignore[attr-defined] # the mistake
    with pytest.raises(ImportError, match="cannot import name 'Cleint'"):
        from ringmain import Cleint  # type: ignore[attr-defined] # noqa: F401 - the mistake


def test_the_contract_alone_imports_no_client() -> None:
    """Importing the messages alone does not import the client."""
    script = "import sys, ringmain.v1.chat_service_pb2; print('ringmain.client' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert found.stdout == "False\n"
