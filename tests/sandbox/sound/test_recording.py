"""Tests of recordings as files."""

from ringmain_sandbox.sound import recording


def test_chunks_before_the_sound_are_counted() -> None:
    """A file of very many chunks is not looked through; some chunks before the samples are."""
    whole = recording.header(4) + bytes(4)
    odd = b"JUNK" + (2).to_bytes(4, "little") + b"xx"
    for count, is_read in ((3, True), (50_000, False)):
        body = whole[8:12] + odd * count + whole[12:]
        data = b"RIFF" + len(body).to_bytes(4, "little") + body
        assert (recording.read(data, "audio/wav") is not None) == is_read
