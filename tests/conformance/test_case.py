"""Cases are read from files, and those that are written wrongly are refused."""

from pathlib import Path

import pytest
from ringmain.v1.error_reason_pb2 import ErrorReason

from tests.conformance.case import CaseError, Hold, cases
from tests.conformance.expand import message

GOOD = """
one:
  about: It is one.
  method: Chat
  request: {}
  upstream:
    - answer: {tokens: [a, {$text: {byte_count: 3}}], pace: {token: 1}}
      hold: {until: never}
    - claude: {signature: s}
      then: {claude: {signature: t}}
    - gemini: {parts: [{text: a}]}
  expect: {status: OK}
"""


def write(folder: Path, text: str) -> Path:
    """A folder with one file of cases."""
    (folder / "cases.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_case_is_read(tmp_path: Path) -> None:
    """A case's scripts become those of the scripted upstreams, shorthands written out."""
    [case] = cases(write(tmp_path, GOOD))
    openai, anthropic, google = case.upstream
    assert openai.answer is not None
    assert (openai.wire, openai.answer.tokens, openai.hold) == (
        "openai",
        ("a", "xxx"),
        Hold(after_tokens=2, until="never"),
    )
    assert (anthropic.wire, google.wire) == ("anthropic", "vertex")
    assert anthropic.then is not None
    assert anthropic.then.claude is not None
    assert anthropic.then.claude.signature == "t"
    assert not case.alone


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("method: Chat", "methods: Chat"), "one: unknown: methods"),
        (("token: 1", "tokens: 1"), "one: unknown: upstream.answer.pace.tokens"),
        (("until: never", "until: then"), "hold.until"),
        (("signature: t", "signed: t"), "one: unknown: upstream.then.claude.signed"),
        (("  about: It is one.\n", ""), "about"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """A misspelt or missing field is refused with its place."""
    with pytest.raises(CaseError) as raised:
        cases(write(tmp_path, GOOD.replace(*change)))
    assert said in str(raised.value)


def test_names_are_unique(tmp_path: Path) -> None:
    """Two cases cannot have one name, not even in two files."""
    write(tmp_path, GOOD)
    (tmp_path / "more.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(CaseError, match="called one"):
        cases(tmp_path)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_every_request_is_of_the_contract(case: object) -> None:
    """Each case's request is a message of its method."""
    from tests.conformance.case import Case

    assert isinstance(case, Case)
    message(case.method, case.request, case.name)


def test_every_reason_has_a_case() -> None:
    """Each reason of the contract is expected by some case."""
    expected = {case.expect.get("reason") for case in cases() if isinstance(case.expect.get("reason"), str)}
    reasons = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()}  # noqa: SIM118  no mapping
    assert reasons - {"UNSPECIFIED"} <= expected
