"""Candidates as they are built from the configuration and the catalog."""

import pytest
from ringmain_server.assembly.candidates import CandidateBuilder
from ringmain_server.catalog.knobs import USUAL_KNOBS, Knobs
from ringmain_server.catalog.models import knobs_of
from ringmain_server.config import Settings
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.routing.health_registry import HealthRegistry

PROVIDERS = {
    "azure": {"kind": "azure", "base_url": "https://our.example/openai/v1", "api_key": "k"},
    "openai": {"kind": "openai", "api_key": "k"},
    "sandbox": {"kind": "sandbox"},
}


def knobs(candidate: dict[str, object]) -> Knobs:
    """The knobs of a configured candidate."""
    settings = Settings.model_validate({"providers": PROVIDERS, "models": {"m": {"candidates": [candidate]}}})
    workers = MediaWorkers(check_document=lambda *_, **__: None)
    sessions = HttpSessions()
    providers = {
        name: build_provider(name, stated, sessions, workers) for name, stated in settings.providers.items()
    }
    builder = CandidateBuilder(settings, providers, HealthRegistry(lambda: 0.0), workers)
    return builder.plan("m").targets[0].candidate.knobs


async def test_a_candidate_has_the_knobs_of_its_model() -> None:
    """Those of the catalog, or those that its provider has for all its models."""
    assert knobs({"provider": "openai", "model": "gpt-5"}) == knobs_of("openai", "gpt-5")
    assert "minimal" in knobs({"provider": "sandbox", "model": "chat"}).efforts


@pytest.mark.parametrize(
    "own", [{}, {"efforts": ["low", "high"], "lacks": ["top_p"], "reasons_unasked": False}]
)
async def test_an_operator_corrects_single_knobs(own: dict[str, object]) -> None:
    """A deployment's name says nothing; what the operator states wins, and the rest is the catalog's."""
    found = knobs({"provider": "azure", "model": "ours", "knobs": own})
    assert found.max_stop_sequences == knobs_of("azure", "ours").max_stop_sequences == 4
    assert found.efforts == (("low", "high") if own else USUAL_KNOBS.efforts)
    assert found.lacks == (frozenset({"top_p"}) if own else frozenset())
    assert found.reasons_unasked == (not own)
