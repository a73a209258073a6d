"""Candidates for tests: as the gateway builds them, with what the catalog knows of their models."""

from typing import Any

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.models import UNKNOWN, knobs_of, lookup


def known_candidate(provider_id: str, kind: str, model: str, **more: Any) -> Candidate:
    """A candidate with the knobs and the limits of its model, and other facts as they are given."""
    known = lookup(kind, model) or UNKNOWN
    facts = {"knobs": knobs_of(kind, model), "limits": known.limits}
    return Candidate(provider_id, kind, model, **{**facts, **more})
