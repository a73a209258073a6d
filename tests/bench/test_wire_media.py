"""Tests, benchmark: images of many megabytes take little more memory than themselves."""

import sys

import pytest

from tests.bench.wire_media import MEGABYTE, image_rises


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: reads /proc")
@pytest.mark.parametrize("streamed", [False, True])
def test_an_image_in_and_out_takes_little_memory(streamed: bool) -> None:
    """20 MB in and 20 MB out raise the process by at most 100 MB, with the image's own 40 in it."""
    # The least of three: what is still on its way elsewhere only adds.
    assert min(image_rises(20 * MEGABYTE, 3, streamed=streamed)) < 100
