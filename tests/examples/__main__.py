"""Examples: `python -m tests.examples [PAGE …]` runs the code blocks of the documentation.

Without pages: README.md, docs/*.md, docs/guides/*.md and clients/*/README.md.
"""

import os
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ringmain import Client

from tests.e2e.processes import serving
from tests.examples.blocks import Block, UnknownLanguage, blocks
from tests.examples.run import ROOT, Failed, Place, absent, run
from tests.fakes.ports import free_port, reserve

PAGES = ("README.md", "docs/*.md", "docs/guides/*.md", "clients/*/README.md")


def pages(given: Sequence[str]) -> list[Path]:
    """The pages to be run."""
    if given:
        return [Path(name).resolve() for name in given]
    return [page for pattern in PAGES for page in sorted(ROOT.glob(pattern))]


@contextmanager
def gateway() -> Iterator[tuple[str, str]]:
    """A gateway with the sandbox, on the default ports if those are free: its address and its admin one."""
    try:
        ports = [reserve(50051), reserve(50052)]
    except OSError:
        ports = [free_port(), free_port()]
    address, admin = (f"127.0.0.1:{port}" for port in ports)
    # Its log is not read: at this level it stays empty.
    with serving("--listen", address, "--admin-listen", admin, environ={"RINGMAIN_LOG__LEVEL": "error"}):
        with Client(address, wait_for_ready=True, timeout=60) as client:
            client.health()
        yield address, admin


@contextmanager
def place(target: str, admin: str) -> Iterator[Place]:
    """A folder for a page's blocks, with the checkout's clients and a picture as the pages speak of."""
    with tempfile.TemporaryDirectory(prefix="ringmain-examples-") as made:
        folder = Path(made)
        (folder / "photo.png").write_bytes(_picture())
        for name in (".venv", "clients"):
            (folder / name).symlink_to(ROOT / name)
        path = os.pathsep.join(
            [str(Path(sys.executable).parent), str(ROOT / "build" / "tools" / "bin"), os.environ["PATH"]]
        )
        environment = {
            "RINGMAIN_TARGET": target,
            "RINGMAIN_ADMIN_TARGET": admin,
            "PATH": path,
            "OPENAI_API_KEY": "sk-not-a-key",
        }
        yield Place(folder, target, environment)


def _picture() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x20\x60\xa0" * 8) * 8)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def run_page(page: Path, target: str, admin: str) -> tuple[int, list[str]]:
    """Runs the blocks of a page. Returns how many ran, and what failed."""
    relative = str(page.relative_to(ROOT)) if page.is_relative_to(ROOT) else str(page)
    found = list(blocks(relative, page.read_text(encoding="utf-8")))
    wanted = [block for block in found if not block.reason]
    count = 0
    failures: list[str] = []
    with place(target, admin) as there:
        for block in wanted:
            missing = absent(block, there)
            if missing:
                print(f"{block.name} {block.language} is not run: {missing}")
                failures += [f"{block.name}: {missing}"] if _required() else []
                continue
            count += 1
            failures += _tried(block, there)
    return count, failures


def _tried(block: Block, there: Place) -> list[str]:
    try:
        run(block, there)
    except (Failed, UnknownLanguage) as exc:
        print(f"{block.name} FAILED\n{exc}")
        return [f"{block.name}: {exc}"]
    print(f"{block.name} {block.language}")
    return []


def _required() -> bool:
    return os.environ.get("RINGMAIN_REQUIRE_ALL") == "1"


def main() -> None:
    """Exits with 1 if a block failed."""
    count = 0
    failures: list[str] = []
    with gateway() as addresses:
        for page in pages(sys.argv[1:]):
            ran, failed = run_page(page, *addresses)
            count, failures = count + ran, failures + failed
    # Once more at the end, where whoever reads a long log looks first.
    for failure in failures:
        print(f"\nFAILED {failure}")
    print(f"{count} blocks were run, {len(failures)} failed.")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
