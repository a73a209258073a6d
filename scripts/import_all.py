"""Imports every module of a package, so that a missing or too old dependency shows.

Usage: import_all.py PACKAGE, from the folder that holds it.
"""

import importlib
import pkgutil
import sys
from pathlib import Path


def main(name: str) -> None:
    """Imports the package `name` and everything below it, and prints how many modules that was."""
    sys.path.insert(0, str(Path.cwd()))
    package = importlib.import_module(name)
    names = [module.name for module in pkgutil.walk_packages(package.__path__, f"{name}.")]
    for module in names:
        importlib.import_module(module)
    print(f"{name} and its {len(names)} modules import under Python {sys.version.split()[0]}.")


if __name__ == "__main__":
    main(sys.argv[1])
