"""Command line: reads one document page by page into a file that is written whole or not at all.

Until then its pages are in `NAME.md.part`, whose first line identifies the document: the same command again
continues after them.
"""

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ringmain import Client, Page
from ringmain.files import write_whole

if TYPE_CHECKING:
    from ringmain_server.cli.see import ReadFlags

_SUFFIX = ".part"


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of one document.

    Attributes:
        client: A client of the gateway.
        name: The document's path.
        model: The model that sees.
        flags: The flags of `ringmain read`.
        target: The file to write; None for standard output.
        alone: Whether it is the only document, so that its pages are shown as progress.
    """

    client: Client
    name: str
    model: str
    flags: "ReadFlags"
    target: Path | None
    alone: bool

    def run(self) -> str:
        """Reads the document, and returns a line to show.

        Raises:
            Failure: A page could not be read; the others are written all the same.
        """
        from ringmain_server.cli.failures import CommandFailure

        part = _Part(self.target, self._fingerprint()) if self.target is not None else None
        first = part.next_page if part is not None else 0
        failed: list[Page] = []
        with (
            self._shown() as show,
            contextlib.closing(part) if part is not None else contextlib.nullcontext(),
        ):
            for page in self._pages(max(first, self.flags.first_page)):
                show(page)
                if page.error:
                    failed.append(page)
                if part is None:
                    sys.stdout.write(f"{page.markdown}\n\n")
                    sys.stdout.flush()
                else:
                    part.add(page)
        if part is not None and self.target is not None:
            part.finish(self.target)
        if failed:
            pages = ", ".join(str(page.number) for page in failed)
            raise CommandFailure(f"error: page {pages} could not be read: {failed[0].error}")
        return str(self.target) if self.target is not None else ""

    def _pages(self, first: int) -> Iterator[Page]:
        flow = self.client.vision.read(
            self.name,
            model=self.model,
            mode=self.flags.mode,
            prompt=self.flags.prompt,
            first_page=first,
        )
        with flow:
            yield from flow

    def _fingerprint(self) -> str:
        """Returns a digest of everything that the pages depend on: the document's bytes, model and flags."""
        identity: list[Any] = [self.model, self.flags.mode, self.flags.prompt, self.flags.first_page]
        digest = hashlib.sha256(json.dumps(identity).encode())
        with Path(self.name).open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()

    @contextlib.contextmanager
    def _shown(self) -> Iterator[Any]:
        """Shows a line that counts pages, on a terminal."""
        if not (self.alone and sys.stderr.isatty()):
            yield lambda _: None
            return

        def show(page: Page) -> None:
            sys.stderr.write(f"\r\x1b[Kpage {page.number}" + (f": {page.error}\n" if page.error else ""))
            sys.stderr.flush()

        try:
            yield show
        finally:
            sys.stderr.write("\r\x1b[K")


class _Part:
    """The finished pages, in a file beside the target.

    Args:
        target: The file to write in the end.
        fingerprint: Identifies the document and how it is read; the file of another reading is started anew.
    """

    def __init__(self, target: Path, fingerprint: str) -> None:
        self._path = target.with_name(target.name + _SUFFIX)
        self._fingerprint = fingerprint
        self.next_page = self._resume()
        self._file = self._path.open("a", encoding="utf-8")
        if not self.next_page:
            self._file.write(json.dumps({"of": fingerprint}) + "\n")

    def add(self, page: Page) -> None:
        """Appends a page, at once."""
        self._file.write(
            json.dumps({"page": page.number, "markdown": page.markdown}, ensure_ascii=False) + "\n"
        )
        self._file.flush()

    def close(self) -> None:
        """Closes the file, which stays for the next time."""
        self._file.close()

    def finish(self, target: Path) -> None:
        """Writes the target, and removes this file."""
        pages = [line["markdown"] for line in self._lines() if "markdown" in line]
        write_whole(target, ("\n\n".join(filter(None, pages)).encode(), b"\n"))
        self._path.unlink()

    def _resume(self) -> int:
        """Returns the page to continue with, zero to start anew."""
        lines = list(self._lines())
        if not lines or lines[0].get("of") != self._fingerprint:
            self._path.unlink(missing_ok=True)
            return 0
        pages = [line["page"] for line in lines if "page" in line]
        return max(pages) + 1 if pages else 0

    def _lines(self) -> Iterator[dict[str, Any]]:
        """Yields the lines, up to one that was cut."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        for line in text.splitlines():
            # A process that was killed while it wrote leaves a part of a line, always the last one.
            try:
                yield json.loads(line)
            except ValueError:
                return
