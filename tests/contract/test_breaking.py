"""What was released of the contract stays: nothing but additions passes the comparison with its image."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from ringmain_server.contract import CONTRACT_VERSION

from tests.contract.buf import ROOT, buf, workspace

IMAGE = "protos/released/ringmain-v1.binpb"
CHAT = Path("v1") / "chat_service.proto"
MODEL = Path("v1") / "model_service.proto"
ERROR = Path("v1") / "error_reason.proto"
ADMIN = Path("admin") / "v1" / "admin_service.proto"


Change = Callable[[Path], object]
"""Changes the contract in a folder."""


def edited(file: Path, old: str, new: str) -> Change:
    """A change of one place of a file."""

    def edit(protos: Path) -> None:
        text = (protos / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, (file, old)
        (protos / file).write_text(text.replace(old, new), encoding="utf-8")

    return edit


ADDITIONS: Mapping[str, Change] = {
    "nothing": lambda _: None,
    "field": edited(
        MODEL, "message GetServerInfoRequest {}", "message GetServerInfoRequest { string who = 1; }"
    ),
    "value": edited(
        MODEL, "  CAPABILITY_SPEECH = 18;", "  CAPABILITY_SPEECH = 18;\n  // More.\n  CAPABILITY_MORE = 19;"
    ),
    "reason": edited(
        ERROR, "  ERROR_REASON_INTERNAL = 21;", "  ERROR_REASON_INTERNAL = 21;\n  ERROR_REASON_MORE = 99;"
    ),
    "method": edited(
        MODEL,
        "  rpc GetModel(GetModelRequest)",
        "  rpc More(GetModelRequest) returns (GetModelResponse);\n"
        "  // Gets another.\n"
        "  rpc GetModel(GetModelRequest)",
    ),
    "comment": edited(MODEL, "// Names a model.", "// Names one model."),
    "file": lambda protos: (protos / "v1" / "more.proto").write_text(
        'syntax = "proto3";\npackage ringmain.v1;\nmessage More {}\n', encoding="utf-8"
    ),
}
REMOVALS: Mapping[str, Change] = {
    "field": edited(MODEL, "  string replaced_by = 5;\n", ""),
    "field that is reserved": edited(MODEL, "  string replaced_by = 5;", "  reserved 5;"),
    "number": edited(MODEL, "  string replaced_by = 5;", "  string replaced_by = 6;"),
    "name": edited(MODEL, "  string replaced_by = 5;", "  string successor = 5;"),
    "type": edited(MODEL, "  string replaced_by = 5;", "  bytes replaced_by = 5;"),
    "presence": edited(MODEL, "  string replaced_by = 5;", "  optional string replaced_by = 5;"),
    "value": edited(MODEL, "  CAPABILITY_SPEECH = 18;\n", ""),
    "method": edited(
        ADMIN, "  rpc CheckProvider(CheckProviderRequest) returns (CheckProviderResponse);\n", ""
    ),
    "file": lambda protos: (protos / "v1" / "usage_service.proto").unlink(),
    "package": edited(ERROR, "package ringmain.v1;", "package ringmain.v2;"),
}


RELEASE = ("build", "--path", "protos/ringmain", "--exclude-source-info", "-o", IMAGE)
COMPARE = ("breaking", "protos", "--against", IMAGE, "--exclude-imports")


@pytest.fixture
def protos(tmp_path: Path) -> Path:
    """The files of a copy of the contract, of which an image was kept."""
    found = workspace(tmp_path)
    (tmp_path / IMAGE).parent.mkdir(exist_ok=True)
    assert not buf(*RELEASE, cwd=tmp_path).returncode
    return found


@pytest.mark.parametrize("change", ADDITIONS)
def test_additions_pass(change: str, protos: Path, tmp_path: Path) -> None:
    """What old callers do not notice may be added at any time."""
    ADDITIONS[change](protos)
    done = buf(*COMPARE, cwd=tmp_path)
    assert not done.returncode, done.stdout.decode()


@pytest.mark.parametrize("change", REMOVALS)
def test_what_breaks_callers_fails(change: str, protos: Path, tmp_path: Path) -> None:
    """Neither the wire, nor JSON, nor the generated code of a caller may break."""
    REMOVALS[change](protos)
    done = buf(*COMPARE, cwd=tmp_path)
    assert done.returncode == 100, (done.stdout + done.stderr).decode()
    assert b"ringmain/" in done.stdout


def test_other_files_of_google_are_no_break(protos: Path, tmp_path: Path) -> None:
    """What the contract imports comes with a library, whose next version may differ."""
    file = tmp_path / "build" / "googleapis" / "google" / "rpc" / "error_details.proto"
    file.unlink()
    assert not buf(*COMPARE, cwd=tmp_path).returncode


def test_the_makefile_runs_these_commands() -> None:
    """`make release-contract` and `make breaking` are what is tested here."""
    written = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(released)", IMAGE)
    for command in (RELEASE, COMPARE):
        assert f"$(bin)/buf {' '.join(command)}\n" in written


def test_the_version_grows_with_every_addition(tmp_path: Path) -> None:
    """It is 1.0 until the first release, that of the release while nothing is added, and then a later one."""
    major, minor = map(int, CONTRACT_VERSION.split("."))
    if not (ROOT / IMAGE).exists():
        assert (major, minor) == (1, 0)
        return
    released = (ROOT / IMAGE).with_name("VERSION").read_text(encoding="utf-8")
    workspace(tmp_path)
    now = buf(*RELEASE[:-1], "-", cwd=tmp_path).stdout
    added = _ours(now) != _ours((ROOT / IMAGE).read_bytes())
    assert (major, minor - added) >= tuple(map(int, released.split(".")))


def _ours(image: bytes) -> dict[str, FileDescriptorProto]:
    files = FileDescriptorSet.FromString(image).file
    return {file.name: file for file in files if file.name.startswith("ringmain/")}
