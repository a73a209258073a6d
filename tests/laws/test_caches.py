"""What is remembered of callers' texts is bounded in number and in length."""

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import ringmain_server
from ringmain_sandbox.vectors import vector
from ringmain_server.providers.vertex import schemas

OWN = {
    "ringmain_server.catalog.models._family": "names of our own data files",
    "ringmain_server.media.walk._ways": "the types of our own messages",
}
"""Caches without a limit whose keys are ours."""


def _caches() -> Iterator[tuple[str, Any]]:
    for module in pkgutil.walk_packages(ringmain_server.__path__, "ringmain_server."):
        if not module.name.endswith(("__main__", "migrations.env")):  # alembic runs the latter itself
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, functools._lru_cache_wrapper) and value.__module__ == module.name:
                    yield f"{module.name}.{name}", value


def test_every_cache_of_texts_has_a_limit() -> None:
    """A function that remembers what it made of a text remembers a bounded number of them."""
    caches = dict(_caches())
    assert len(caches) > 10
    unbounded = {
        name
        for name, cache in caches.items()
        if inspect.signature(cache).parameters and cache.cache_info().maxsize is None
    }
    assert unbounded == set(OWN)


def _kept(cache: Any, use: Callable[..., object], *given: object) -> int:
    before = cache.cache_info().currsize
    use(*given)
    return int(cache.cache_info().currsize - before)


def test_long_schemas_are_not_remembered() -> None:
    """A schema of a usual length is read once; of one that is long, nothing is kept."""
    for cache, read in ((schemas._parameters, schemas.parameters), (schemas._response, schemas.response)):
        cache.cache_clear()
        assert _kept(cache, read, '{"type": "object"}', "x") == 1
        assert _kept(cache, read, f'{{"title": "{"x" * 9_999}"}}', "x") == 0


def test_long_words_are_not_remembered() -> None:
    """The sandbox remembers the features of words, not of texts without a space."""
    vector._features.cache_clear()
    assert _kept(vector._features, vector.vector, "hello", 8) == 1
    assert _kept(vector._features, vector.vector, "x" * 9_999, 8) == 0
