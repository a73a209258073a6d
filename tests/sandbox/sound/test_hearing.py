"""What is spoken is heard, from the samples alone."""

import io
import random
import wave
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ringmain_sandbox.sound import recording
from ringmain_sandbox.sound.hearing import hear
from ringmain_sandbox.sound.tones import (
    RATE,
    byte_length,
    spoken,
    symbol_length,
    symbol_lengths,
)

TEXT = "Hello, 你好 — 🎉!"


def _samples(text: str, voice: str = "ring", speed: float = 1.0) -> "array[int]":
    samples = array("h")
    samples.frombytes(b"".join(spoken(text, voice, symbol_length(speed))))
    return samples


def _text(samples: "array[int]", rate: int = RATE) -> str | None:
    heard = hear(samples, rate)
    return None if heard is None else heard.text


@settings(max_examples=40)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.sampled_from(["ring", "nova", "", "Ωmega"]),
    st.sampled_from([0.25, 0.3, 0.5, 1.0, 1.7, 4.0]),
)
def test_any_text_is_heard_in_any_voice_at_any_speed(text: str, voice: str, speed: float) -> None:
    """Speaking and hearing give the same text back, whatever it is."""
    assert _text(_samples(text, voice, speed)) == text


@settings(max_examples=15)
@given(st.floats(0.03, 1.5), st.integers(0, 3000), st.integers(0, 400), st.integers(0, 9))
def test_louder_later_and_noisier_is_heard(loud: float, silence: int, noise: int, seed: int) -> None:
    """Neither volume nor silence around it nor a little noise keeps speech from being heard."""
    rng = random.Random(seed)
    noisy = [
        round(sample * loud) + rng.randint(-round(noise * loud), round(noise * loud))
        for sample in _samples(TEXT)
    ]
    samples = array("h", [0] * silence + [max(min(sample, 32767), -32768) for sample in noisy] + [0] * 50)
    assert _text(samples) == TEXT


@pytest.mark.parametrize("rate", [48_000, 16_000, 44_100])
def test_resampled_speech_is_heard(rate: int) -> None:
    """Speech at another sample rate is the same speech."""
    samples = _samples(TEXT)
    count = len(samples) * rate // RATE
    resampled = array("h", [samples[min(at * RATE // rate, len(samples) - 1)] for at in range(count)])
    assert _text(resampled, rate) == TEXT


def test_foreign_silent_short_and_damaged_sound_is_not_heard() -> None:
    """What is no speech of the sandbox, or not all of it, is nothing."""
    samples = _samples(TEXT)
    rng = random.Random(1)
    assert _text(array("h")) is None
    assert _text(array("h", [0] * 50_000)) is None
    assert _text(array("h", [rng.randint(-9000, 9000) for _ in range(50_000)])) is None
    assert _text(samples[:3000]) is None
    assert _text(samples[: len(samples) // 2]) is None
    damaged = samples[:]
    damaged[20_000:22_000] = array("h", [0] * 2000)
    assert _text(damaged) is None
    assert _text(samples, 100) is None


def test_times_are_those_of_the_text() -> None:
    """The first letter starts after signature and length, and each byte takes two symbols."""
    heard = hear(_samples("ab"), RATE)
    assert heard is not None
    assert heard.start == pytest.approx(14 * 720 / RATE)
    assert heard.byte_time == pytest.approx(2 * 720 / RATE)


def test_speed_and_voice_change_the_sound() -> None:
    """Fast speech is shorter; every voice has its own sound; the length is known beforehand."""
    assert len(_samples(TEXT, speed=2)) * 2 == len(_samples(TEXT))
    assert _samples(TEXT, "alloy") != _samples(TEXT, "nova")
    assert len(_samples(TEXT)) * 2 == byte_length(TEXT, symbol_length(1))
    assert symbol_length(0.25) == symbol_lengths()[-1]
    assert symbol_length(4) == symbol_lengths()[0]


def test_it_is_loud_enough_to_be_heard_by_people() -> None:
    """Words use a good part of the range and never leave it, and spaces are quiet."""
    samples = _samples("aa aa")
    letter = 2 * symbol_length(1)
    start = 14 * symbol_length(1)
    parts = [samples[start + at * letter : start + (at + 1) * letter] for at in range(5)]
    peaks = [max(map(abs, part)) for part in parts]
    assert 8_000 < max(peaks) < 32_767
    assert peaks[2] * 4 < peaks[1]


def test_wav_is_read_with_its_channels_and_sizes() -> None:
    """Of several channels the first is taken; eight bits have a length and no samples."""
    for channels, width in ((1, 2), (2, 2), (1, 1)):
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(width)
            file.setframerate(8000)
            file.writeframes(bytes(8000 * channels * width))
        found = recording.read(out.getvalue(), "audio/wav")
        assert found is not None
        assert (found.seconds, found.rate) == (1.0, 8000)
        assert len(found.samples) == (8000 if width == 2 else 0)


def test_what_is_no_sound_is_nothing() -> None:
    """Broken files and those that need a decoder are not read; bare samples are."""
    assert recording.read(b"RIFF....WAVE", "audio/wav") is None
    assert recording.read(b"RIFF", "audio/wav") is None
    assert recording.read(b"ID3...", "audio/mpeg") is None
    found = recording.read(bytes(48_001), "audio/pcm;rate=24000")
    assert found is not None
    assert found.seconds == pytest.approx(1.0, abs=1e-4)
