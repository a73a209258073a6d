"""Examples: how a block of a compiled language becomes a project over the client of this checkout. Pure.

A block is a whole program, or the inside of `main`: what does not name its `main` gets one where the language
allows it, so that short examples need no frame. What is built is kept in `build/examples`.
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
    """

    client: str
    needs: tuple[str, ...]
    files: Callable[[str, Path], Files]
    commands: Callable[[Path], Commands]

    def absent(self, root: Path) -> str:
        """What is missing for it; empty if nothing is."""
        if not (root / "clients" / self.client).is_dir():
            return f"clients/{self.client} is not there"
        return ", ".join(tool for tool in self.needs if shutil.which(tool) is None)


def _module(root: Path) -> str:
    """The Go client's module path."""
    first = (root / "clients" / "go" / "go.mod").read_text(encoding="utf-8").splitlines()[0]
    return first.removeprefix("module ").strip()


def _go(code: str, root: Path) -> Files:
    module = _module(root)
    client = root / "clients" / "go"
    text = (client / "go.mod").read_text(encoding="utf-8")
    version = next((line for line in text.splitlines() if line.startswith("go ")), "go 1.24")
    go_mod = f"module example\n\n{version}\n\nrequire {module} v0.0.0\n\nreplace {module} => {client}\n"
    return {"main.go": code, "go.mod": go_mod}


def _go_commands(_: Path) -> Commands:
    return (("go", "mod", "tidy"), ("go", "vet", "."), ("go", "run", "."))


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
    client = root / "clients" / "java"
    classpath = root / "build" / "examples" / "java.classpath"
    build = (
        f"mkdir -p {classpath.parent} && mvn -q -B -f {client}/pom.xml -DskipTests compile "
        f"dependency:build-classpath -Dmdep.outputFile={classpath}"
    )
    return (
        ("sh", "-c", f"[ -s {classpath} ] || {{ {build}; }}"),
        ("sh", "-c", f'exec java -cp "{client}/target/classes:$(cat {classpath})" Main.java'),
    )


def _rust(code: str, root: Path) -> Files:
    cargo = (
        '[package]\nname = "example"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies]\n'
        f'ringmain = {{ path = "{root}/clients/rust" }}\n'
        'tokio = { version = "1", features = ["full"] }\nfutures = "0.3"\n'
        'tokio-stream = "0.1"\n\n[workspace]\n'
    )
    lock = root / "clients" / "rust" / "Cargo.lock"
    kept = {"Cargo.lock": lock.read_text(encoding="utf-8")} if lock.exists() else {}
    return {"src/main.rs": code, "Cargo.toml": cargo, **kept}


def _rust_commands(root: Path) -> Commands:
    return (("cargo", "run", "--quiet", "--target-dir", str(root / "build" / "examples" / "rust")),)


def _cpp(code: str, root: Path) -> Files:
    cmake = (
        "cmake_minimum_required(VERSION 3.20)\nproject(example CXX)\nset(CMAKE_CXX_STANDARD 20)\n"
        f"add_subdirectory({root}/clients/cpp {root}/build/examples/cpp)\n"
        "add_executable(example main.cpp)\ntarget_link_libraries(example PRIVATE ringmain::ringmain)\n"
    )
    return {"main.cpp": code, "CMakeLists.txt": cmake}


def _cpp_commands(_: Path) -> Commands:
    return (("cmake", "-S", ".", "-B", "out"), ("cmake", "--build", "out"), ("./out/example",))


COMPILED: Mapping[str, Compiled] = {
    "go": Compiled(client="go", needs=("go",), files=_go, commands=_go_commands),
    "typescript": Compiled(
        client="typescript", needs=("node",), files=_typescript, commands=_typescript_commands
    ),
    "ts": Compiled(client="typescript", needs=("node",), files=_typescript, commands=_typescript_commands),
    "java": Compiled(client="java", needs=("java", "mvn"), files=_java, commands=_java_commands),
    "rust": Compiled(client="rust", needs=("cargo",), files=_rust, commands=_rust_commands),
    "cpp": Compiled(client="cpp", needs=("cmake", "c++"), files=_cpp, commands=_cpp_commands),
}
