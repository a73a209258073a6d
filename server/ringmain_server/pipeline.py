"""Folds the layers around the router, once, at start-up. They outlive every reload.

idempotency → router
"""

from ringmain_server.backend import Backend
from ringmain_server.config import Settings
from ringmain_server.layers.idempotency import Idempotency
from ringmain_server.stores.memory import MemoryAnswers


def build_pipeline(router: Backend, settings: Settings) -> Idempotency:
    """Returns the layers around the router, folded together."""
    kept = settings.idempotency
    answers = MemoryAnswers(ttl=kept.ttl, max_entries=kept.max_entries, max_bytes=kept.max_bytes)
    return Idempotency(router, answers)
