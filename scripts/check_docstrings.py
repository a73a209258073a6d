"""Checks how docstrings begin; `make lint` runs it.

A function's docstring begins with "Whether", or with a verb in the third person from `docstring_verbs.txt`.
No docstring begins with a relative clause. Properties, `__init__`, fixtures, overloads and commands, whose
docstring is their help text, may begin with any other word.

    .venv/bin/python scripts/check_docstrings.py

prints `file:line` for each docstring that breaks this, and fails if there is one. To use a verb that is not
in the list, add it there.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOTS = ("server/ringmain_server", "server/ringmain_sandbox", "clients/python/ringmain")
VERBS = frozenset(Path(__file__).with_name("docstring_verbs.txt").read_text(encoding="utf-8").split())
RELATIVE = frozenset({"How", "Of", "That", "What", "When", "Where", "Which", "Who", "Whom", "Whose", "Why"})


class Finding(NamedTuple):
    """A docstring that begins in a wrong way."""

    path: Path
    line: int
    problem: str


class _Place(NamedTuple):
    text: str
    line: int
    function: ast.FunctionDef | ast.AsyncFunctionDef | None


def main() -> int:
    """Checks all folders and returns the exit code."""
    commands = frozenset(name for path in Path("server").rglob("cli/*.py") for name in _commands(path))
    found = [
        finding
        for root in ROOTS
        for path in sorted(Path(root).rglob("*.py"))
        if "_pb2" not in path.name
        for finding in check(path, commands if "cli" in path.parts else frozenset())
    ]
    for one in found:
        print(f"{one.path}:{one.line}: {one.problem}", file=sys.stderr)
    return 1 if found else 0


def check(path: Path, commands: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Yields the docstrings of a file that begin in a wrong way.

    Args:
        path: The file.
        commands: Names of functions that may begin in any way, since their docstring is a help text.
    """
    for place in _docstrings(ast.parse(path.read_text(encoding="utf-8"))):
        word = place.text.split(maxsplit=1)[0].rstrip(".,:;") if place.text.strip() else ""
        if word in RELATIVE:
            yield Finding(path, place.line, f'the docstring begins with a relative clause: "{word} …"')
        elif place.function is None or place.function.name in commands or _is_free(place.function):
            continue
        elif word != "Whether" and word not in VERBS:
            yield Finding(
                path, place.line, f'the docstring begins with "{word}", which is no verb of the list'
            )


def _docstrings(tree: ast.Module) -> Iterator[_Place]:
    """Yields the docstrings of modules, classes and functions, and the strings below assignments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            function = node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None
            for at, statement in enumerate(node.body):
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    text = statement.value.value
                    if isinstance(text, str):
                        yield _Place(text, statement.lineno, function if at == 0 else None)


def _is_free(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if function.name == "__init__":
        return True
    decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
    return any(
        word in decorator
        for decorator in decorators
        for word in ("property", "fixture", "overload", "setter")
    )


def _commands(path: Path) -> Iterator[str]:
    """Yields the names of functions that a file registers by `command(…)(function)`, also in a loop."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    loops = {
        node.target.id: [one.id for one in node.iter.elts if isinstance(one, ast.Name)]
        for node in ast.walk(tree)
        if isinstance(node, ast.For)
        and isinstance(node.target, ast.Name)
        and isinstance(node.iter, ast.Tuple)
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Call)):
            continue
        if isinstance(node.func.func, ast.Name) and node.func.func.id == "command":
            for argument in node.args:
                if isinstance(argument, ast.Name):
                    yield argument.id
                    yield from loops.get(argument.id, ())


if __name__ == "__main__":
    sys.exit(main())
