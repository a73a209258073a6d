"""Checks that the contract's names give no two equal names in the generated code of a language.

The compiler refuses names that are equal in JSON, but about everything else generators are silent: a string
`token` beside a bytes `token_bytes` compiles everywhere but in Java, where both give `getTokenBytes()`.
`make lint` runs

    .venv/bin/buf build -o - | .venv/bin/python scripts/check_names.py

which prints `file:line` for each name that would collide, would be renamed by a generator, or is in
`reserved_names.txt`, and fails if there is one. https://protobuf.dev/reference/ documents what each language
generates.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

PACKAGE = "ringmain."
"""Prefix of the contract's own packages; imported packages are not checked."""
WORDS_FILE = Path(__file__).with_name("reserved_names.txt")

SERVICE_TYPES = ("Client", "Server", "Stub", "Servicer", "Grpc", "BlockingStub", "FutureStub", "ImplBase")
"""Endings that generators add to the name of a service."""

_STRING, _BYTES = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_BYTES
_ENUM, _MESSAGE = FieldDescriptorProto.TYPE_ENUM, FieldDescriptorProto.TYPE_MESSAGE


@dataclass(frozen=True, slots=True)
class Finding:
    """A name that does not do.

    Attributes:
        path: The file.
        line: The line.
        problem: The name and what is wrong with it.
    """

    path: str
    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Field:
    """Holds the facts of a field that generators derive the names of its accessors from.

    Attributes:
        name: The field's name.
        type: The type of its values.
        shape: `one`, `many` or `map`.
        presence: Whether it is known to be set or not.
    """

    name: str
    type: int
    shape: str
    presence: bool


def java(field: Field) -> Iterator[str]:
    """Yields the accessors of a field in Java, each with its number of parameters."""
    x = camel(field.name)
    if field.shape == "map":
        yield from (
            f"get{x}Map/0",
            f"get{x}Count/0",
            f"contains{x}/1",
            f"put{x}/2",
            f"putAll{x}/1",
            f"remove{x}/1",
        )
        yield from (f"get{x}OrDefault/2", f"get{x}OrThrow/1", f"getMutable{x}/0", f"get{x}/0", f"clear{x}/0")
        return
    many = field.shape == "many"
    at = 1 if many else 0
    yield from (f"get{x}/{at}", f"set{x}/{at + 1}", f"clear{x}/0")
    if many:
        yield from (f"get{x}List/0", f"get{x}Count/0", f"add{x}/1", f"addAll{x}/1")
    elif field.presence:
        yield f"has{x}/0"
    if field.type == _STRING:
        yield from (f"get{x}Bytes/{at}", f"add{x}Bytes/1" if many else f"set{x}Bytes/1")
    elif field.type == _ENUM:
        yield from (f"get{x}Value/{at}", f"set{x}Value/{at + 1}")
        if many:
            yield from (f"get{x}ValueList/0", f"add{x}Value/1", f"addAll{x}Value/1")
    elif field.type == _MESSAGE:
        yield from (f"get{x}Builder/{at}", f"get{x}OrBuilder/{at}")
        if many:
            yield from (f"get{x}BuilderList/0", f"get{x}OrBuilderList/0", f"add{x}Builder/0", f"remove{x}/1")
        else:
            yield f"merge{x}/1"


def cpp(field: Field) -> Iterator[str]:
    """Yields the accessors of a field in C++."""
    x = field.name
    yield from (x, f"clear_{x}")
    if field.shape == "one":
        yield f"set_{x}"
        if field.presence:
            yield f"has_{x}"
        if field.type in (_STRING, _BYTES, _MESSAGE):
            yield from (f"mutable_{x}", f"release_{x}", f"set_allocated_{x}")
    else:
        yield from (f"{x}_size", f"mutable_{x}")
        if field.shape == "many":
            yield from (f"add_{x}", f"set_{x}")


def go(field: Field) -> Iterator[str]:
    """Yields the field and the method of a field in Go."""
    x = camel(field.name)
    yield from (x, f"Get{x}")


LANGUAGES: Mapping[str, Callable[[Field], Iterator[str]]] = {
    "Java": java,
    "C++": cpp,
    "Go": go,
}


def reserved() -> Mapping[str, frozenset[str]]:
    """Returns the words of each section of the file of reserved names."""
    found: dict[str, list[str]] = {}
    words: list[str] = []
    for line in WORDS_FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            words = found.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            words += line.split()
    return {section: frozenset(words) for section, words in found.items()}


WORDS = reserved()


def main() -> int:
    """Checks the descriptor set of standard input and returns the exit code."""
    files = FileDescriptorSet.FromString(sys.stdin.buffer.read())
    if not files.file:
        print("check_names: no descriptors come from standard input", file=sys.stderr)
        return 1
    found = list(check(files))
    for one in found:
        print(f"{one.path}:{one.line}: {one.problem}", file=sys.stderr)
    return 1 if found else 0


def check(files: FileDescriptorSet) -> Iterator[Finding]:
    """Yields what is wrong with the names of the contract's files."""
    ours = [file for file in files.file if f"{file.package}.".startswith(PACKAGE)]
    for file in ours:
        lines = {tuple(one.path): one.span[0] + 1 for one in file.source_code_info.location}
        for path, problem in _file(file):
            yield Finding(file.name, lines.get(path, 1), problem)
    yield from _packages(ours)


_Problem = tuple[tuple[int, ...], str]
"""A path in the file's descriptor, and what is wrong with the name that stands there."""


def _file(file: FileDescriptorProto) -> Iterator[_Problem]:
    for index, message in enumerate(file.message_type):
        yield from _message(message, (FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER, index))
    for index, enum in enumerate(file.enum_type):
        yield from _enum(enum, (FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER, index))
    for index, service in enumerate(file.service):
        yield from _service(service, (FileDescriptorProto.SERVICE_FIELD_NUMBER, index))


def _message(message: DescriptorProto, path: tuple[int, ...]) -> Iterator[_Problem]:
    yield from _reserved("message", message.name, WORDS["types"], path)
    maps = {one.name for one in message.nested_type if one.options.map_entry}
    fields = [(_field(field, maps), index) for index, field in enumerate(message.field)]
    number = DescriptorProto.FIELD_FIELD_NUMBER
    for field, index in fields:
        yield from _reserved("field", field.name, WORDS["fields"], (*path, number, index))
    for (first, _), (second, index) in combinations(fields, 2):
        for problem in _collisions(first, second):
            yield (*path, number, index), f"{message.name}: {problem}"
    yield from _oneofs(message, [field for field, _ in fields], path)
    for index, nested in enumerate(message.nested_type):
        if nested.name not in maps:
            yield from _message(nested, (*path, DescriptorProto.NESTED_TYPE_FIELD_NUMBER, index))
    for index, enum in enumerate(message.enum_type):
        yield from _enum(enum, (*path, DescriptorProto.ENUM_TYPE_FIELD_NUMBER, index))


def _field(field: FieldDescriptorProto, maps: set[str]) -> Field:
    many = field.label == FieldDescriptorProto.LABEL_REPEATED
    shape = "many" if many else "one"
    if many and field.type_name.rpartition(".")[2] in maps:
        shape = "map"
    presence = not many and (field.type == _MESSAGE or field.HasField("oneof_index"))
    return Field(field.name, field.type, shape, presence)


def _collisions(first: Field, second: Field) -> Iterator[str]:
    for language, accessors in LANGUAGES.items():
        common = {*accessors(first)} & {*accessors(second)}
        if common:
            name = min(common).partition("/")[0]
            yield f"fields {first.name} and {second.name} both give {name} in {language}"


def _oneofs(message: DescriptorProto, fields: Iterable[Field], path: tuple[int, ...]) -> Iterator[_Problem]:
    """Yields what collides with the names that a oneof and its fields give."""
    nested = {one.name for one in message.nested_type} | {one.name for one in message.enum_type}
    accessors = {name: field.name for field in fields for name in (*java(field), *cpp(field))}
    synthetic = {field.oneof_index for field in message.field if field.proto3_optional}
    for index, oneof in enumerate(message.oneof_decl):
        if index in synthetic:
            continue
        where = (*path, DescriptorProto.ONEOF_DECL_FIELD_NUMBER, index)
        yield from _reserved("oneof", oneof.name, WORDS["fields"], where)
        x = camel(oneof.name)
        for made in (f"get{x}Case/0", f"clear{x}/0", f"{oneof.name}_case", f"has_{oneof.name}"):
            if made in accessors:
                name = made.partition("/")[0]
                yield (
                    where,
                    f"{message.name}: oneof {oneof.name} and field {accessors[made]} both give {name}",
                )
        for made in sorted({x, f"{x}Case"} & nested):
            yield where, f"{message.name}: oneof {oneof.name} gives {made}, as a type in the message does"
        for field in message.field:
            # Go calls the wrapper of a field `Message_Field`, and a nested type likewise.
            if field.HasField("oneof_index") and field.oneof_index == index and camel(field.name) in nested:
                yield (
                    where,
                    f"{message.name}: field {field.name} of a oneof is named as a type in the message is",
                )


def _enum(enum: EnumDescriptorProto, path: tuple[int, ...]) -> Iterator[_Problem]:
    yield from _reserved("enum", enum.name, WORDS["types"], path)
    prefix = f"{snake(enum.name).upper()}_"
    for index, value in enumerate(enum.value):
        rest = value.name.removeprefix(prefix)
        if not rest[:1].isalpha() or rest in WORDS["values"]:
            where = (*path, EnumDescriptorProto.VALUE_FIELD_NUMBER, index)
            yield where, f"value {value.name} is no name without {prefix}, which Rust and TypeScript cut off"


def _service(service: ServiceDescriptorProto, path: tuple[int, ...]) -> Iterator[_Problem]:
    yield from _reserved("service", service.name, WORDS["types"], path)
    names = {method.name for method in service.method}
    for index, method in enumerate(service.method):
        where = (*path, ServiceDescriptorProto.METHOD_FIELD_NUMBER, index)
        if snake(method.name) in WORDS["fields"] | WORDS["methods"]:
            yield (
                where,
                f"method {method.name} is a reserved word, or a method of every client, in some language",
            )
        for made in (f"Async{method.name}", f"PrepareAsync{method.name}"):
            if made in names:
                yield where, f"methods {method.name} and {made} both give {made} in C++"


def _packages(files: Iterable[FileDescriptorProto]) -> Iterator[Finding]:
    """Yields types of one package whose names some language or file system takes for the same."""
    services = {
        (file.package, f"{service.name}{end}"): service.name
        for file in files
        for service in file.service
        for end in SERVICE_TYPES
    }
    seen: dict[tuple[str, str], str] = {}
    for file in files:
        types = [one.name for one in file.message_type] + [one.name for one in file.enum_type]
        for name in (*types, *(one.name for one in file.service)):
            other = seen.setdefault((file.package, name.lower()), name)
            if other != name:
                yield Finding(file.name, 1, f"types {other} and {name} differ in case alone")
            service = services.get((file.package, name))
            if service is not None:
                yield Finding(file.name, 1, f"type {name} is named as generated code of {service} is")


def _reserved(what: str, name: str, words: frozenset[str], path: tuple[int, ...]) -> Iterator[_Problem]:
    if name in words:
        yield path, f"{what} {name} is a reserved word, or a name that all messages have, in some language"


def camel(name: str) -> str:
    """Returns a name `like_this` as `LikeThis`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def snake(name: str) -> str:
    """Returns a name `LikeThis` as `like_this`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


if __name__ == "__main__":
    sys.exit(main())
