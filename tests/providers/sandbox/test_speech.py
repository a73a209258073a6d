"""Speech and transcripts over the sandbox's wire."""

import io
import wave
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from ringmain.v1.audio_service_pb2 import SpeakRequest, SpeechConfig
from ringmain_sandbox.question import Question
from ringmain_sandbox.received import File, Received
from ringmain_sandbox.script import Pace
from ringmain_sandbox.sound import recording, tones
from ringmain_sandbox.sound.endpoint import speak, transcribe
from ringmain_server.errors import MalformedAnswer, Rejected, StreamBroken
from ringmain_server.operations import SPEAK, TRANSCRIBE
from ringmain_server.providers.sandbox.speech import SpeakTranslator
from ringmain_server.providers.sandbox.transcription import TranscriptDecoder
from ringmain_server.providers.sse import EVENT_LIMIT
from ringmain_server.providers.transport import FormField, HttpRequest

from tests.providers.sandbox.bench import Bench
from tests.providers.sandbox.test_embedding import BOX
from tests.providers.sandbox.uploads import TEXT, sound_of, spoken, upload


async def _heard(data: bytes, *sizes: int, **config: Any) -> Any:
    events = await Bench().events(TRANSCRIBE, "transcribe", await upload(data, *sizes, **config))
    return events[-1].finished


async def test_speech_is_wav_that_python_reads() -> None:
    """Without a media type it is WAV of one channel of 16 bits, whose header tells its true length."""
    with wave.open(io.BytesIO(await spoken())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        assert len(file.readframes(file.getnframes())) == file.getnframes() * 2


async def test_bare_samples_are_the_same_sound() -> None:
    """`audio/pcm` is the file without its header, and is heard as well."""
    bare = await spoken(mime_type="audio/pcm")
    assert (await spoken(mime_type="audio/wav"))[44:] == bare
    assert (await _heard(bare, mime_type="audio/pcm")).text == TEXT


@pytest.mark.parametrize("size", [1, 7, 1000, 99_999])
async def test_the_pieces_of_a_recording_do_not_matter(size: int) -> None:
    """However a recording is cut on its way, the text is the same."""
    data = await spoken("Cut me.")
    finished = await _heard(data, *[size] * min(len(data) // size, 2000))
    assert finished.text == "Cut me."


async def test_words_come_at_their_pace() -> None:
    """Bytes come as they are spoken: a word a second here, after the first."""
    bench = Bench(Pace(0.5, 1.0))
    began = bench.timer.now
    request = SpeakRequest(text="one two three")
    events = await bench.events(SPEAK, "speak", request)
    assert [event.WhichOneof("event") for event in events] == ["started", *["audio_chunk"] * 5, "finished"]
    assert bench.timer.now - began == pytest.approx(4.5)
    usage = events[-1].finished.usage
    assert (usage.character_count, usage.estimated) == (13, False)
    assert usage.audio_duration.ToMilliseconds() == (len(sound_of(events)) - 44) // 48


async def test_voice_speed_and_instructions_are_taken() -> None:
    """Every name is a voice; speed changes the length; instructions change nothing."""
    plain, other = await spoken(), await spoken(voice="nova")
    assert len(plain) == len(other)
    assert plain != other
    assert len(await spoken(speed=2.0)) < len(plain) * 0.51
    assert await spoken(instructions="whisper") == plain
    own = Struct()
    own.update({"voice": "echo"})
    assert await spoken(voice="nova", provider_options={"sandbox": own}) != other


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"input": ""}, "input must"),
        ({"speed": 9}, "speed must"),
        ({"speed": "fast"}, "speed must"),
        ({"response_format": "mp3"}, "wav and pcm"),
        ({"voise": "nova"}, "mean voice"),
    ],
)
async def test_what_cannot_be_spoken_is_refused(fields: dict[str, Any], words: str) -> None:
    """A 400 says what is wrong."""
    body = {"model": "speak", "input": "a", **fields}
    with pytest.raises(Rejected, match=words):
        await Bench().transport.open(HttpRequest("/audio/speech", body))


async def test_the_callers_language_wins() -> None:
    """A language that is told is not guessed."""
    assert (await _heard(await spoken())).language_code == "en"
    assert (await _heard(await spoken(), language_code="cy", prompt="a b")).language_code == "cy"


async def test_what_cannot_be_heard_is_said() -> None:
    """A foreign recording gets its type and length, and its milliseconds are counted."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(range(256)) * 250)
    finished = await _heard(out.getvalue())
    assert finished.text == "The sandbox cannot hear this: 2.0 seconds of audio/wav."
    assert finished.usage.audio_duration.ToSeconds() == 2
    finished = await _heard(b"ID3" + bytes(997), mime_type="audio/mpeg")
    assert finished.text == "The sandbox cannot hear this: 1000 bytes of audio/mpeg."


async def test_it_says_that_it_cannot_translate() -> None:
    """English stays as it is, any other language is given back with the reason in front."""
    assert (await _heard(await spoken(), translate=True)).text == TEXT
    german = await spoken("Das ist nicht für dich.")
    finished = await _heard(german, translate=True, language_code="de")
    assert finished.text == "The sandbox cannot translate. It heard: Das ist nicht für dich."


@pytest.mark.parametrize("translate", [False, True])
async def test_speech_without_words(translate: bool) -> None:
    """A recording in which nothing is said is heard as that, and needs no translation."""
    length = tones.symbol_length(1.0)
    data = recording.header(tones.byte_length("", length)) + b"".join(tones.spoken("", "ring", length))
    finished = await _heard(data, translate=translate)
    assert (finished.text, finished.usage.output_token_count) == ("", 0)


async def test_speech_and_transcripts_have_as_many_pieces_as_they_say() -> None:
    """The pace of a stream is that of its pieces, and each of them comes."""
    asked = Received("/audio/speech", {"model": "speak", "input": TEXT})
    heard = Received("/audio/transcriptions", {}, {"file": (File(await spoken(), "audio/wav"),)})
    for reply in (
        speak(Question(asked, "", 0, stream=True)),
        transcribe(Question(heard, "", 0, stream=True)),
    ):
        assert len(list(reply.chunks())) == reply.count


async def test_a_transcript_needs_a_recording() -> None:
    """A form without a file is a 400; so is one with a field that the wire does not have."""
    form = [FormField("model", "transcribe"), FormField("file", "x", "a.wav", "audio/wav")]
    with pytest.raises(Rejected, match="file must hold"):
        await Bench().transport.open(HttpRequest("/audio/transcriptions", form=form[:1]))
    with pytest.raises(Rejected, match="mean language"):
        unknown = [*form, FormField("languag", "en")]
        await Bench().transport.open(HttpRequest("/audio/transcriptions", form=unknown))
    incoming = await Bench().transport.open(HttpRequest("/audio/transcriptions", form=form))
    assert b"1 bytes of audio/wav" in (await incoming.read() or b"")


def test_decoders_of_sound_read_any_cut() -> None:
    """The head of a file may come in pieces; an empty one is malformed; its end comes once."""
    decoder = SpeakTranslator().decoder(
        SpeakRequest(text="a", speech_config=SpeechConfig(mime_type="audio/pcm")), BOX
    )
    assert not decoder.feed(bytes(40))
    kinds = [event.WhichOneof("event") for event in decoder.feed(bytes(40))]
    assert kinds == ["started", "audio_chunk"]
    assert not decoder.feed(b"")
    assert decoder.usage().estimated
    assert len(decoder.end()) == 1
    assert not decoder.end()
    with pytest.raises(MalformedAnswer):
        SpeakTranslator().decoder(SpeakRequest(text="a"), BOX).end()


def test_decoders_of_transcripts_skip_what_they_do_not_know() -> None:
    """Unknown events pass; a break before the end is an error; what was written is estimated."""
    decoder = TranscriptDecoder(BOX)
    assert not decoder.feed(b'data: {"type":"transcript.text.other"}\n\n')
    assert [
        event.text_delta for event in decoder.feed(b'data: {"type":"transcript.text.delta","delta":"a"}\n\n')
    ]
    assert (decoder.usage().output_token_count, decoder.usage().estimated) == (1, True)
    with pytest.raises(StreamBroken):
        decoder.end()
    with pytest.raises(MalformedAnswer):
        decoder.feed(b"data: " + bytes(EVENT_LIMIT + 1))
    done = TranscriptDecoder(BOX)
    assert done.feed(b'data: {"type":"transcript.text.done","text":"a"}\n\n')
    assert not done.end()
    assert not done.usage().audio_duration.ToMilliseconds()


async def test_words_have_times_where_they_are_asked_for() -> None:
    """The words of a segment follow each other within its time; every segment names who speaks."""
    data = await spoken("One, two. Über drei!")
    for asked in (False, True):
        events = await Bench().events(TRANSCRIBE, "transcribe", await upload(data, word_offsets=asked))
        segments = [event.segment for event in events if event.HasField("segment")]
        assert [segment.speaker for segment in segments] == ["A", "A"]
        words = [[word.text for word in segment.words] for segment in segments]
        assert words == ([["One,", "two."], ["Über", "drei!"]] if asked else [[], []])
        for segment in segments:
            times = [segment.start_offset, *(word.start_offset for word in segment.words)]
            times += [segment.words[-1].end_offset, segment.end_offset] if asked else [segment.end_offset]
            assert times == sorted(times, key=lambda one: one.ToMilliseconds())
