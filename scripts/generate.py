"""Generates the stubs of languages from protos/ as buf.gen.yaml says, or checks the committed ones.

Usage: generate.py [--check] LANGUAGE..., from the repository's root.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path("buf.gen.yaml")
BUILD = Path("build/stubs")
KEPT = ("__init__.py", "__pycache__")  # beside stubs, but no stubs


def language_of(plugin: dict[str, Any]) -> str:
    """Returns `go` for a plugin that writes to `clients/go/…`."""
    return Path(plugin["out"]).parts[1]


def template_for(language: str, template: dict[str, Any]) -> dict[str, Any]:
    """Returns the part of the template for one language, which writes below its build folder.

    `include_imports` would bring google/rpc/status.proto, but not error_details.proto, which nothing
    imports: the whole workspace as input brings both.
    """
    plugins = [dict(plugin) for plugin in template["plugins"] if language_of(plugin) == language]
    if not plugins:
        raise SystemExit(f"{TEMPLATE} has no plugin for {language}")
    inputs = template["inputs"]
    for plugin in plugins:
        plugin["out"] = str(BUILD / language / plugin["out"])
        if plugin.pop("include_imports", False):
            inputs = [{"directory": "."}]
    return {**template, "plugins": plugins, "inputs": inputs, "managed": _managed(language, template)}


def _managed(language: str, template: dict[str, Any]) -> dict[str, Any]:
    """Returns the file options for the language, as those for others would show in its descriptors."""
    managed = template["managed"]
    override = [one for one in managed["override"] if one["file_option"].startswith(f"{language}_")]
    disable = [one for one in managed["disable"] if not one.get("file_option", "").startswith(f"{language}_")]
    return {**managed, "override": override, "disable": disable} if override else {"enabled": False}


def build(language: str, template: dict[str, Any]) -> Path:
    """Generates into the build folder, and returns it."""
    folder = BUILD / language
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    part = BUILD / f"{language}.gen.yaml"
    part.write_text(yaml.safe_dump(template_for(language, template)), encoding="utf-8")
    buf = Path(sys.executable).with_name("buf")
    if subprocess.run([buf, "generate", "--template", part], check=False).returncode:
        raise SystemExit(f"buf could not generate the stubs for {language}")
    return folder


def differences(folder: Path) -> list[tuple[Path, Path]]:
    """Returns the pairs of a fresh and a committed file that differ; one of a pair may be absent."""
    fresh = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    present = {
        path for parent in {path.parent for path in fresh} if parent.is_dir() for path in parent.iterdir()
    }
    stubs = {path for path in present if path.is_file() and path.name not in KEPT}
    return [
        (folder / path, path) for path in sorted(fresh | stubs) if _content(folder / path) != _content(path)
    ]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def install(fresh: Path, committed: Path) -> None:
    """Makes the committed file what the fresh one is."""
    if not fresh.exists():
        committed.unlink()
        return
    committed.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(fresh, committed)


def main(languages: list[str], *, check: bool) -> None:
    """Generates or checks the stubs of each language."""
    template = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    stale = False
    for language in languages:
        pairs = differences(build(language, template))
        for fresh, committed in pairs:
            if check:
                print(f"stale: {committed}", file=sys.stderr)
            else:
                install(fresh, committed)
        stale = stale or bool(pairs)
        if check and pairs:
            hint = f"run 'make generate-{language}' and commit the result"
            print(f"The stubs for {language} are not what protos/ gives: {hint}.", file=sys.stderr)
        else:
            print(f"The stubs for {language} are what protos/ gives.")
    if check and stale:
        raise SystemExit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("languages", nargs="+", metavar="LANGUAGE")
    arguments = parser.parse_args()
    main(arguments.languages, check=arguments.check)
