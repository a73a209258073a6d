import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from ringmain import Answer, ToolCall, assistant, document, image, system, tool_result, user
from ringmain.messages import Content, Turn, conversation
from ringmain.v1 import content_pb2 as pb

from tests.client import samples

PNG = b"\x89PNG\r\n\x1a\n"


def test_text_turns() -> None:
    """Plain text becomes a turn of one part with the role of the function."""
    turns = [user("a"), assistant("b"), system("c")]
    assert [turn.role for turn in turns] == [pb.ROLE_USER, pb.ROLE_ASSISTANT, pb.ROLE_SYSTEM]
    assert [turn.parts[0].text for turn in turns] == ["a", "b", "c"]


def test_a_turn_keeps_the_order_of_its_parts(tmp_path: Path) -> None:
    """Text, bytes, files, media and parts of the contract stay in the order given."""
    (tmp_path / "cat.png").write_bytes(PNG)
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    call = pb.ToolCall(tool_call_id="c")
    turn = user(
        "look",
        PNG,
        tmp_path / "cat.png",
        tmp_path / "notes.pdf",
        image("https://host/cat.png", detail="low"),
        pb.Part(text="end"),
        call,
        pb.Reasoning(text="hm"),
        pb.ProviderToolCall(name="web_search"),
    )
    assert list(turn.parts) == [
        pb.Part(text="look"),
        pb.Part(media=pb.Media(data=PNG)),
        pb.Part(media=pb.Media(data=PNG)),
        pb.Part(media=pb.Media(data=b"%PDF", filename="notes.pdf", mime_type="application/pdf")),
        pb.Part(media=pb.Media(uri="https://host/cat.png"), image_detail=pb.IMAGE_DETAIL_LOW),
        pb.Part(text="end"),
        pb.Part(tool_call=call),
        pb.Part(reasoning=pb.Reasoning(text="hm")),
        pb.Part(provider_tool_call=pb.ProviderToolCall(name="web_search")),
    ]


def test_a_turn_refuses_what_it_cannot_hold() -> None:
    """Something that is no content is refused by its type's name."""
    with pytest.raises(TypeError, match="cannot hold int: 7"):
        user(cast("Content", 7))


def test_image_detail_is_checked() -> None:
    """An unknown detail names the known ones."""
    with pytest.raises(ValueError, match=r"unknown detail 'huge': expected one of low, high"):
        image(PNG, detail=cast("None", "huge"))


def test_document_sources(tmp_path: Path) -> None:
    """A document takes its name and media type from its path or address unless told."""
    path = tmp_path / "report.csv"
    path.write_bytes(b"a,b")
    assert document(str(path)) == pb.Media(data=b"a,b", filename="report.csv", mime_type="text/csv")
    assert document("https://host/a.pdf").filename == "a.pdf"
    assert document(b"x") == pb.Media(data=b"x")
    named = document(b"x", filename="x.pdf", mime_type="application/x")
    assert (named.filename, named.mime_type) == ("x.pdf", "application/x")


def test_a_missing_file_is_an_os_error() -> None:
    """A path that does not exist fails when the message is made, not at the gateway."""
    with pytest.raises(FileNotFoundError):
        image("no-such-file.png")


@dataclass
class Weather:
    city: str
    celsius: float


def test_tool_results() -> None:
    """A result names its call, by id or by the call itself, and is text, media or JSON."""
    calls = ("c1", ToolCall("c1", "f", ""), pb.ToolCall(tool_call_id="c1"))
    assert {tool_result(call, "x").parts[0].tool_result.tool_call_id for call in calls} == {"c1"}
    result = tool_result("c1", {"ok": [1, Weather("Bern", 3.5)]}, failed=True)
    assert result.role == pb.ROLE_TOOL
    part = result.parts[0].tool_result
    assert part.failed
    assert json.loads(part.parts[0].text) == {"ok": [1, {"city": "Bern", "celsius": 3.5}]}
    shown = tool_result("c1", image(PNG)).parts[0].tool_result
    assert shown.parts[0].media.data == PNG


def test_a_result_without_json_form_is_refused() -> None:
    """A value that JSON cannot hold is refused by its type's name."""
    with pytest.raises(TypeError, match="cannot hold set"):
        tool_result("c1", {1})


def test_conversations_mix_every_kind_of_turn() -> None:
    """A conversation takes text, messages, answers and dicts, alone or in a list."""
    answer = Answer(samples.response("hello"))
    turns: list[Turn] = [
        "hi",
        answer,
        user("again"),
        {"role": "user", "content": ["a", PNG]},
        {"role": "tool", "tool_call_id": "c1", "content": {"a": 1}},
    ]
    messages = conversation(turns)
    assert messages[0] == user("hi")
    assert messages[1] == answer.message
    assert messages[2] == user("again")
    assert messages[3] == user("a", PNG)
    assert messages[4] == tool_result("c1", {"a": 1})
    for single in turns:
        assert len(conversation(single)) == 1


def test_bad_turns_are_refused() -> None:
    """An unknown role, an unknown key and something else entirely each get a clear error."""
    with pytest.raises(ValueError, match="unknown role 'robot'"):
        conversation({"role": "robot", "content": ""})
    with pytest.raises(TypeError, match="did you mean 'content'"):
        conversation({"role": "user", "contents": ""})
    with pytest.raises(TypeError, match="not a turn of a conversation: 7"):
        conversation([cast("Turn", 7)])
