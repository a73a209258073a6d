"""Examples: how a block of a compiled language becomes a project over the client of this checkout. Pure.

A block is a whole program, or the inside of `main`: what does not name its `main` gets one where the language
allows it, so that short examples need no frame. What was built for tests/conformance is used again.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Files = Mapping[str, str]
Commands = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A language whose blocks are built.

    Attributes:
        client: The folder of its client below `clients/`.
        needs: Commands of its toolchain.
        files: Of the project: from the block's code and the repository's root.
        commands: What builds and runs it, within the project.
        prepare: What makes the client usable by projects, within the repository; once for all blocks.
    """

    client: str
    needs: tuple[str, ...]
    files: Callable[[str, Path], Files]
    commands: Callable[[Path], Commands]
    prepare: Commands = ()

    def absent(self, root: Path) -> str:
        """What is missing for it; empty if nothing is."""
        if not (root / "clients" / self.client).is_dir():
            return f"clients/{self.client} is not there"
        return ", ".join(tool for tool in self.needs if shutil.which(tool) is None)


def _driver(language: str) -> Sequence[str]:
    """Builds the client's driver, and the client with it."""
    return ("make", "--no-print-directory", f"driver-{language}")


def _go(code: str, root: Path) -> Files:
    client = root / "clients" / "go"
    # The client's own versions and their sums: nothing is looked for, and nothing is fetched.
    head, rest = (client / "go.mod").read_text(encoding="utf-8").split("\n", 1)
    module = head.removeprefix("module ").strip()
    go_mod = f"module example\n{rest}\nrequire {module} v0.0.0\n\nreplace {module} => {client}\n"
    return {"main.go": code, "go.mod": go_mod, "go.sum": (client / "go.sum").read_text(encoding="utf-8")}


def _go_commands(_: Path) -> Commands:
    return (("go", "vet", "-mod=mod", "."), ("go", "run", "-mod=mod", "."))


def _typescript(code: str, root: Path) -> Files:
    config = (
        '{"compilerOptions": {"strict": true, "target": "es2022", "module": "nodenext", "outDir": "out", '
        '"types": ["node"], "skipLibCheck": true}, "include": ["main.ts"]}\n'
    )
    package = '{"name": "example", "private": true, "type": "module"}\n'
    return {"main.ts": code, "tsconfig.json": config, "package.json": package}


def _typescript_commands(root: Path) -> Commands:
    client = root / "clients" / "typescript"
    # The client itself under its own name, its dependencies and its compiler.
    link = (
        f"mkdir -p node_modules && cp -rs {client}/node_modules/. node_modules/ && "
        f"name=$(node -p 'require(\"{client}/package.json\").name') && "
        'mkdir -p "node_modules/$(dirname "$name")" && '
        f'rm -rf "node_modules/$name" && ln -s {client} "node_modules/$name"'
    )
    return (("sh", "-c", link), (str(client / "node_modules/.bin/tsc"),), ("node", "out/main.js"))


def _java(code: str, _: Path) -> Files:
    return {"Main.java": code}


def _java_commands(root: Path) -> Commands:
    classes = root / "clients" / "java" / "target" / "classes"
    libraries = root / "build" / "java.classpath"
    return (("sh", "-c", f'exec java -cp "{classes}:$(cat {libraries})" Main.java'),)


def _rust(code: str, root: Path) -> Files:
    client = root / "clients" / "rust"
    # With the features and the profile of the client's own examples, Cargo finds the dependencies built.
    manifest = (client / "Cargo.toml").read_text(encoding="utf-8")
    dependencies = manifest.split("\n[dev-dependencies]\n")[1].split("\n[")[0]
    profile = manifest[manifest.index("[profile.") :].split("\n\n")[0]
    cargo = (
        '[package]\nname = "example"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n'
        f'[dependencies]\nringmain = {{ path = "{client}" }}\n{dependencies}\n\n{profile}\n'
    )
    lock = (client / "Cargo.lock").read_text(encoding="utf-8")
    return {"src/main.rs": code, "Cargo.toml": cargo, "Cargo.lock": lock}


def _rust_commands(root: Path) -> Commands:
    return (("cargo", "run", "--quiet", "--target-dir", str(root / "build" / "rust")),)


def _cpp(code: str, _: Path) -> Files:
    cmake = (
        "cmake_minimum_required(VERSION 3.22)\nproject(example CXX)\nfind_package(ringmain 0.1 REQUIRED)\n"
        "add_executable(example main.cpp)\ntarget_link_libraries(example PRIVATE ringmain::ringmain)\n"
    )
    return {"main.cpp": code, "CMakeLists.txt": cmake}


def _cpp_commands(root: Path) -> Commands:
    return (
        ("cmake", "-S", ".", "-B", "out", f"-DCMAKE_PREFIX_PATH={root}/build/examples/cpp"),
        ("cmake", "--build", "out"),
        ("./out/example",),
    )


_TYPESCRIPT = Compiled(
    client="typescript",
    needs=("node", "npm"),
    files=_typescript,
    commands=_typescript_commands,
    prepare=(_driver("typescript"),),
)
COMPILED: Mapping[str, Compiled] = {
    "go": Compiled(client="go", needs=("go",), files=_go, commands=_go_commands),
    "typescript": _TYPESCRIPT,
    "ts": _TYPESCRIPT,
    "java": Compiled(
        client="java",
        needs=("java", "mvn"),
        files=_java,
        commands=_java_commands,
        prepare=(_driver("java"),),
    ),
    "rust": Compiled(client="rust", needs=("cargo",), files=_rust, commands=_rust_commands),
    "cpp": Compiled(
        client="cpp",
        needs=("cmake", "c++"),
        files=_cpp,
        commands=_cpp_commands,
        prepare=(
            _driver("cpp"),
            ("cmake", "--install", "build/cpp", "--prefix", "build/examples/cpp"),
        ),
    ),
}
