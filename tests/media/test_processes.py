"""Tests in processes of their own: what is imported, what HEIC needs, and how much memory is taken."""

import os
import subprocess
import sys
from pathlib import Path

import PIL.Image
import pytest

from tests.fakes import papers, pictures

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1"

MEASURE = """
import gc, resource, sys
from pathlib import Path

def status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024

def peak():
    return status("VmHWM")

def now():
    gc.collect()
    return status("VmRSS")
"""


def run(code: str, *arguments: str, path: str = "") -> str:
    """What a new interpreter prints. Its coverage is not measured: that takes time and memory of its own."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        command, cwd=path or ROOT, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_nothing_is_imported_before_it_is_needed() -> None:
    """Importing every module of media imports neither Pillow nor a reader of documents."""
    code = """
import importlib, pkgutil, sys
import ringmain_server.media as media
for found in pkgutil.walk_packages(media.__path__, media.__name__ + "."):
    importlib.import_module(found.name)
heavy = {"PIL", "pypdfium2", "docx", "pptx", "bs4", "markdownify", "lxml"} & set(sys.modules)
assert not heavy, heavy
"""
    run(code)


def test_heic_without_a_library() -> None:
    """Without the library, HEIC is refused with what to install."""
    code = f"""
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.probe import probe
try:
    probe({HEIC!r}, field="image")
except MediaInvalid as exc:
    print(exc.message)
"""
    assert run(code) == (
        "image: is image/heic, which this server cannot read: its operator has to install 'pi-heif'; "
        "allowed: PNG, JPEG, WebP or GIF"
    )


def test_heic_with_a_library() -> None:
    """With the library, HEIC is prepared as JPEG, also for a model that takes HEIC: its metadata must go."""
    code = f"""
import sys
from ringmain_server.media.limits import ModelLimits
from ringmain_server.media.prepare import prepare
data = {HEIC!r} + bytes.fromhex(sys.argv[1])
made = prepare(data, ModelLimits(mime_types=("image/heic", "image/jpeg")), field="image")
print(made.mime_type, made.width, made.height, *made.changes)
"""
    fake = str(ROOT / "tests" / "fakes" / "heif")
    scene = pictures.of_kind("image/png").hex()
    assert run(code, scene, path=fake) == "image/jpeg 120 80 converted from HEIC"


def test_readers_that_are_not_installed() -> None:
    """Without the extra, the error names it."""
    code = """
import sys
for name in ("pypdfium2", "docx", "pptx", "bs4"):
    sys.modules[name] = None
from ringmain_server.documents import ReaderMissing, open_document
for data in (b"%PDF-1.7", b"PK\\3\\4word/document.xml", b"PK\\3\\4ppt/presentation.xml", b"<p>x</p>"):
    try:
        open_document(data)
    except ReaderMissing as exc:
        assert exc.extra == "documents"
        print(exc.message)
"""
    assert run(code).splitlines() == [
        f"reading {kind} needs an extra: pip install 'ringmain[server,documents]'"
        for kind in ("PDF", "DOCX", "PPTX", "HTML")
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: reads /proc")
def test_a_large_image_takes_little_memory(tmp_path: Path) -> None:
    """A picture of 20 MB in and out raises the process by at most 100 MB, scaled or as it is."""
    file = tmp_path / "large.png"
    noise = PIL.Image.effect_noise((2640, 2640), 90)
    image = PIL.Image.merge("RGB", (noise, noise.rotate(90), noise.rotate(180)))
    file.write_bytes(pictures.full_of_metadata("PNG"))
    image.save(file, "PNG", compress_level=0, exif=pictures.exif())
    code = f"""{MEASURE}
from ringmain_server.media.limits import ModelLimits
from ringmain_server.media.prepare import prepare
prepare(bytes.fromhex(sys.argv[2]), ModelLimits(max_width=60, mime_types=("image/png",)), field="x")
before = now()
data = Path(sys.argv[1]).read_bytes()
same = prepare(data, ModelLimits(), field="x")
assert len(data) - 1000 < len(same.data) < len(data)
del same
small = prepare(data, ModelLimits(max_long_side=2048), field="x")
assert small.width == 2048
print(len(data) / 1e6, peak() - before)
"""
    size, grown = map(float, run(code, str(file), pictures.of_kind("image/png").hex()).split())
    assert size > 20
    assert grown < 100


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: reads /proc")
@pytest.mark.slow
def test_memory_is_bounded_by_pages_in_work(tmp_path: Path) -> None:
    """Of a PDF of 500 pages read one after the other, the last take no more memory than the first."""
    file = tmp_path / "long.pdf"
    file.write_bytes(papers.text_pdf(500, rows=10, picture_every=2))
    code = f"""{MEASURE}
from ringmain_server.documents import open_document, page_markdown
with open(sys.argv[1], "rb") as file:
    document = open_document(file)
    assert document.page_count == 500
    for number in range(1, 501):
        page = document.page(number)
        assert page_markdown(page).startswith(f"# Page {{number}} of many")
        assert len(page.pictures) == (number % 2 == 0)
        if number == 100:
            early = now()
    print(now() - early, peak())
    document.close()
"""
    grown, peak = map(float, run(code, str(file)).split())
    assert grown < 20
    assert peak < 300
