"""Plugin of protoc: Python's messages, services and types, by grpcio-tools and mypy-protobuf.

grpcio-tools has its generators only in its own protoc. This hands a request on to it, and to nothing else: a
CodeGeneratorRequest comes by standard input, a CodeGeneratorResponse goes to standard output.
https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/compiler/plugin.proto
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet

FOR_EVERY_FILE = ("--python_out={}", "--mypy_out=quiet:{}")
FOR_SERVICES = ("--grpc_python_out={}", "--mypy_grpc_out=quiet:{}")


def generate(request: CodeGeneratorRequest, workdir: Path) -> CodeGeneratorResponse:
    """Returns the stubs of the wanted files."""
    wanted = [file for file in request.proto_file if file.name in set(request.file_to_generate)]
    for file in wanted:
        _as_written(file)
    descriptors, out = workdir / "descriptors", workdir / "out"
    descriptors.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
    out.mkdir()
    _protoc(descriptors, out, FOR_EVERY_FILE, [file.name for file in wanted])
    _protoc(descriptors, out, FOR_SERVICES, [file.name for file in wanted if file.service])
    return CodeGeneratorResponse(
        supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL,
        file=[
            CodeGeneratorResponse.File(name=str(path.relative_to(out)), content=path.read_text("utf-8"))
            for path in sorted(out.rglob("*.py*"))
        ],
    )


def _protoc(descriptors: Path, out: Path, options: tuple[str, ...], names: list[str]) -> None:
    if not names:
        return
    chosen = [option.format(out) for option in options]
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={descriptors}"]
    if subprocess.run([*protoc, *chosen, *names], check=False).returncode:
        raise SystemExit(f"protoc {' '.join(chosen)} failed")


def _as_written(file: FileDescriptorProto) -> None:
    """Drops the JSON names, which the caller of a plugin fills in and which no proto of ours has.

    protoc takes over a descriptor that it is given as it is, and they would grow every one by a fifth.
    """
    for message in _messages(file.message_type):
        for field in message.field:
            field.ClearField("json_name")


def _messages(nested: Iterable[DescriptorProto]) -> Iterator[DescriptorProto]:
    for message in nested:
        yield message
        yield from _messages(message.nested_type)


def main() -> None:
    """Answers one request."""
    # protoc finds mypy-protobuf's plugins beside the interpreter.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    request = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    with tempfile.TemporaryDirectory() as workdir:
        sys.stdout.buffer.write(generate(request, Path(workdir)).SerializeToString())


if __name__ == "__main__":
    main()
