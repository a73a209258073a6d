"""What differs between two configurations, and what of it a reload can change."""

from ringmain_server.config import load
from ringmain_server.config.changes import changed_paths, reloadable
from ringmain_server.config.settings import Settings

BASE = {
    "providers.up.kind": "openai",
    "providers.up.base_url": "http://127.0.0.1:1/v1",
    "providers.up.api_key": "sk-one",
    "models.m.candidates": ["up/a"],
}


def settings(**changes: object) -> Settings:
    """The base, with other values by dotted path (`__` for the dots)."""
    more = {name.replace("__", "."): value for name, value in changes.items()}
    return load(environ={}, overrides={**BASE, **more})


def test_equal_configurations_differ_in_nothing() -> None:
    """No path is named when nothing differs."""
    assert changed_paths(settings(), settings()) == []


def test_paths_lead_to_what_differs() -> None:
    """Values, secrets, lists, and whole providers and models that come and go are named by path."""
    changed = settings(
        providers__up__api_key="sk-two",
        models__m__candidates=["up/b"],
        models__n__candidates=["up/a"],
        breaker__window=5,
    )
    paths = ["breaker.window", "models.m.candidates", "models.n", "providers.up.api_key"]
    assert changed_paths(settings(), changed) == paths
    assert changed_paths(changed, settings()) == paths
    assert "sk-two" not in str(paths)


def test_another_kind_changes_what_was_written_alone() -> None:
    """A provider that becomes one of another wire names what was written, and nothing that was left out."""
    written = settings(providers__up__organization="org")
    other = settings(providers__up__kind="anthropic")
    assert changed_paths(settings(), other) == ["providers.up.kind"]
    assert changed_paths(written, other) == ["providers.up.kind", "providers.up.organization"]


def test_what_needs_a_restart_stays_as_it_was() -> None:
    """Addresses, logs, overload, kept answers and images wait for a restart; graces and models do not."""
    running = settings()
    loaded = settings(
        server__listen="127.0.0.1:1",
        server__workers=3,
        server__stream_grace=1,
        log__level="debug",
        overload__limit=1,
        idempotency__ttl=1,
        media__max_image_bytes=1,
        media__max_recording_bytes=1,
        media__max_document_bytes=1,
        models__n__candidates=["up/a"],
    )
    held = reloadable(running, loaded)
    assert changed_paths(running, held) == ["media.max_document_bytes", "models.n", "server.stream_grace"]
    assert changed_paths(held, loaded) == [
        "idempotency.ttl",
        "log.level",
        "media.max_image_bytes",
        "media.max_recording_bytes",
        "overload.limit",
        "server.listen",
        "server.workers",
    ]
