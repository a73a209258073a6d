"""The translators beside chat, by golden files."""

import pytest
from ringmain_server.providers.openai.endpoints import ENDPOINTS

from tests.providers.openai.media_golden import MediaGolden, amounts_to, goldens, sent, shown

ALL = goldens()
EACH = pytest.mark.parametrize("golden", ALL, ids=[one.name for one in ALL])
ANSWERED = [one for one in ALL if "answers" in one.content]
EACH_ANSWERED = pytest.mark.parametrize("golden", ANSWERED, ids=[one.name for one in ANSWERED])


@EACH
def test_requests(golden: MediaGolden) -> None:
    """A request becomes what its golden file shows."""
    assert [shown(wire) for wire in sent(golden)] == golden.content["sent"]


@EACH_ANSWERED
def test_answers(golden: MediaGolden) -> None:
    """Answers amount to what their golden file shows."""
    expected = golden.content.get("response", golden.content.get("events"))
    assert amounts_to(golden) == expected


@EACH_ANSWERED
@pytest.mark.parametrize("cut", [1, 7])
def test_answers_in_pieces(golden: MediaGolden, cut: int) -> None:
    """A stream amounts to the same wherever the network cuts it."""
    if golden.content["operation"] != "SPEAK":  # whose events are the network's pieces
        expected = golden.content.get("response", golden.content.get("events"))
        assert amounts_to(golden, cut=cut) == expected


def test_every_kind_that_draws_or_embeds_has_files() -> None:
    """No kind with an endpoint goes untested."""
    having = {kind for kind, has in ENDPOINTS.items() if has != type(has)()}
    assert {one.content["kind"] for one in ALL} == having
