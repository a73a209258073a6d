"""Tests, benchmark: images are prepared quickly, and never in the way of the event loop."""

import pytest
from ringmain_server.media.runner import MediaPool

from tests.bench.media import delay, least, pages_per_second, preparing, samples


@pytest.mark.alone
def test_four_megapixels_are_prepared_quickly() -> None:
    """A photo of four megapixels takes few CPU milliseconds: twice the target, for a busy machine."""
    assert least(preparing(samples()["JPEG photo"])) < 300


@pytest.mark.alone
async def test_the_loop_goes_on() -> None:
    """While 16 images are prepared, the event loop is hardly later than otherwise."""
    pool = MediaPool()
    found = await delay(pool, samples()["JPEG photo"])
    pool.close()
    assert found.p99 < 50


@pytest.mark.alone
def test_documents_are_read_quickly() -> None:
    """A PDF of dense text is read at 10 pages in a second, even while coverage is measured."""
    assert pages_per_second(30) > 10
