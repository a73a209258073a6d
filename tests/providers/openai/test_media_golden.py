"""The translators beside chat, by golden files."""

import pytest
from ringmain_server.kinds import KINDS, OpenAIKind, openai_kind
from ringmain_server.kinds.openai import Endpoints

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


def test_every_description_of_endpoints_has_files() -> None:
    """No description of endpoints goes untested; kinds of the same description may share files."""
    tried = [openai_kind(one.content["kind"]).endpoints for one in ALL]
    described = [kind.endpoints for kind in KINDS.values() if isinstance(kind, OpenAIKind)]
    assert [one for one in described if one not in tried] == [Endpoints()] * described.count(Endpoints())
