"""Tests of the stripper: metadata goes, pixels stay bit for bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.media.strip import strip

from tests.fakes import pictures

KINDS = ["JPEG", "PNG", "WEBP", "GIF"]


@pytest.mark.parametrize("kind", KINDS)
def test_metadata_goes_and_pixels_stay(kind: str) -> None:
    """Nothing private is left, no pixel changes, and stripping again changes nothing."""
    data, mime_type = pictures.full_of_metadata(kind), f"image/{kind.lower()}"
    bare = strip(data, mime_type)
    assert not any(secret in bare for secret in pictures.SECRETS)
    before, after = pictures.opened(data), pictures.opened(bare)
    assert after.tobytes() == before.tobytes()
    assert not after.getexif()
    assert after.info.get("icc_profile") == before.info.get("icc_profile")
    assert strip(bare, mime_type) is bare


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animations_stay(kind: str) -> None:
    """Frames, timing and loop survive."""
    data = pictures.animated(kind)
    after = pictures.opened(strip(data, f"image/{kind.lower()}"))
    assert (getattr(after, "n_frames", 1), after.info.get("loop")) == (4, 0)


def test_a_progressive_jpeg_stays_whole() -> None:
    """A JPEG of several scans, with restarts and fill bytes, keeps every one of them."""
    data = pictures.saved(
        pictures.photo((300, 200)), "JPEG", progressive=True, restart_marker_rows=1, comment=b"x"
    )
    data = data[:2] + b"\xff" + data[2:]
    bare = strip(data, "image/jpeg")
    assert len(bare) < len(data)
    assert pictures.opened(bare).tobytes() == pictures.opened(data).tobytes()


def test_a_plain_webp_is_cut_at_its_end() -> None:
    """A WebP of the simple layout loses what stands behind its pixels, and tells its new length."""
    data = pictures.saved(pictures.scene(), "WEBP")
    longer = data + b"NOTE\x04\x00\x00\x00abcd"
    longer = longer[:4] + (len(longer) - 8).to_bytes(4, "little") + longer[8:]
    assert strip(longer, "image/webp") == data


@given(st.sampled_from(KINDS), st.data())
def test_damage_never_breaks_the_stripper(kind: str, data: st.DataObject) -> None:
    """A file that is cut or changed anywhere is stripped to no more than it was, without a failure."""
    whole = pictures.full_of_metadata(kind)
    damaged = bytearray(whole[: data.draw(st.integers(33, len(whole)))])
    damaged[data.draw(st.integers(12, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    assert len(strip(bytes(damaged), f"image/{kind.lower()}")) <= len(damaged)
