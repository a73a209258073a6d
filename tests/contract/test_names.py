"""Names that collide in the generated code of a language are refused, and those of the contract do not."""

import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from hypothesis import given
from hypothesis import strategies as st

from scripts.check_names import LANGUAGES, Field, check
from tests.contract.buf import ROOT, buf, image, workspace

BAD = {
    "string and bytes": ("message A { string token = 1; bytes token_bytes = 2; }", "getTokenBytes in Java"),
    "enum and value": (
        "enum E { E_UNSPECIFIED = 0; } message A { E kind = 1; int32 kind_value = 2; }",
        "getKindValue in Java",
    ),
    "list": ("message A { repeated string x = 1; int32 x_list = 2; }", "getXList in"),
    "count": ("message A { repeated string x = 1; int32 x_count = 2; }", "getXCount in Java"),
    "map": ("message A { map<string, string> x = 1; string x_map = 2; }", "getXMap in Java"),
    "builder": ("message B {} message A { B x = 1; B x_builder = 2; }", "getXBuilder in Java"),
    "has": ("message A { optional int32 x = 1; bool has_x = 2; }", "has_x in C++"),
    "size": ("message A { repeated int32 x = 1; int32 x_size = 2; }", "x_size in C++"),
    "get": ("message A { int32 x = 1; int32 get_x = 2; }", "GetX in Go"),
    "oneof's case": ("message A { oneof x { int32 y = 1; } int32 x_case = 2; }", "getXCase"),
    "oneof's type": ("message A { message Kind {} oneof kind { int32 y = 1; } }", "gives Kind"),
    "oneof's field": ("message A { message Why {} oneof kind { Why why = 1; } }", "field why of a oneof"),
    "word of Python": ("message A { string from = 1; }", "field from is a reserved word"),
    "word of Rust": ("message A { string type = 1; }", "field type is a reserved word"),
    "word of C++": ("message A { string delete = 1; }", "field delete is a reserved word"),
    "macro of C": ("message A { int32 major = 1; }", "field major is a reserved word"),
    "nested": ("message A { message B { string in = 1; } }", "field in is a reserved word"),
    "oneof's name": ("message A { oneof match { int32 x = 1; } }", "oneof match is a reserved word"),
    "type": ("message Error {}", "message Error is a reserved word"),
    "method": ("message A {} service S { rpc Connect(A) returns (A); }", "method Connect"),
    "asynchronous": (
        "message A {} service S { rpc Get(A) returns (A); rpc AsyncGet(A) returns (A); }",
        "both give AsyncGet in C++",
    ),
    "stub": ("message AServiceClient {} service AService {}", "generated code of AService"),
    "case": ("message ApiKey {} message APIKey {}", "differ in case alone"),
    "value": ("enum Mode { MODE_UNSPECIFIED = 0; MODE_SELF = 1; }", "value MODE_SELF"),
    "digit": ("enum Mode { MODE_UNSPECIFIED = 0; MODE_2D = 1; }", "value MODE_2D"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_collides_is_named_with_its_line(case: str, tmp_path: Path) -> None:
    """Each finding names the file, the line and what collides where."""
    text, expected = BAD[case]
    found = list(check(FileDescriptorSet.FromString(image(tmp_path, text))))
    assert any(expected in one.problem for one in found), found
    assert {one.path for one in found} == {"ringmain/v1/test.proto"}


def test_the_line_is_that_of_the_second_name(tmp_path: Path) -> None:
    """The place of a collision is where the later of the two fields stands."""
    text = "message A {\n  string token = 1;\n  bytes token_bytes = 2;\n}"
    (found,) = check(FileDescriptorSet.FromString(image(tmp_path, text)))
    assert found.line == 5


def test_names_that_only_look_alike(tmp_path: Path) -> None:
    """A bytes field beside a message, a count beside a single value and the like do not collide."""
    text = """
        enum Kind { KIND_UNSPECIFIED = 0; KIND_NONE = 1; }
        message B { int32 x = 1; }
        message A {
          B token = 1; bytes token_bytes = 2; int32 x = 3; int32 x_count = 4; string x_map = 5;
          Kind kind = 6; string function = 7; oneof choice { string chosen = 8; }
          bytes y = 9; bytes y_bytes = 10;
        }
        service AService { rpc GetA(A) returns (B); rpc Speak(A) returns (B); }
    """
    assert not list(check(FileDescriptorSet.FromString(image(tmp_path, text))))


def test_what_the_contract_imports_is_not_checked(tmp_path: Path) -> None:
    """Names of other packages are not ours to choose."""
    files = FileDescriptorSet.FromString(image(tmp_path, "message A { string from = 1; }"))
    files.file[0].package = "google.rpc"
    assert not list(check(files))


@given(
    st.from_regex(r"[a-z]{1,5}(_[a-z]{1,5})?", fullmatch=True),
    st.sampled_from([1, 3, 9, 11, 12, 14]),
    st.sampled_from(["one", "many", "map"]),
    st.booleans(),
)
def test_no_field_collides_with_itself(name: str, kind: int, shape: str, presence: bool) -> None:
    """The names that one field gives in a language differ from each other."""
    field = Field(name, kind, shape, presence and shape == "one")
    for language in LANGUAGES.values():
        made = list(language(field))
        assert len(made) == len(set(made))


def test_the_contract_passes(tmp_path: Path) -> None:
    """What `make lint` runs finds nothing in protos/, and fails where nothing comes to it."""
    script = [sys.executable, str(ROOT / "scripts" / "check_names.py")]
    workspace(tmp_path)
    built = buf("build", "-o", "-", cwd=tmp_path).stdout
    done = subprocess.run(script, input=built, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert subprocess.run(script, input=b"", capture_output=True, check=False).returncode == 1
