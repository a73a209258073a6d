"""What coverage measures, and where not to: under a tracer, everything takes twice the time.

Measured are the tests of the parts: how a module is imported, and what the examples of its tests reach. Not
measured are property tests, whose random inputs reach something else in each run, and tests of the whole or
of what is not shipped. A process that a test starts is measured where it is what the test is about.

All of it is a pytest plugin, which `conftest.py` loads.
"""

import contextlib
import gc
import importlib
import os
import pkgutil
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import ringmain
import ringmain_server
from hypothesis import is_hypothesis_test

TESTS = Path(__file__).parent
WHOLE = [
    TESTS / name
    for name in ("bench", "conformance", "deploy", "examples", "fakes", "faults", "fuzz", "laws", "tools")
]
PROCESSES = [
    TESTS / name for name in ("cli", "e2e", "media/test_processes.py", "providers/vertex/test_light.py")
]
SETTINGS = "COVERAGE_PROCESS_CONFIG"
"""By this variable coverage measures the processes that are started (`patch = ["subprocess"]`)."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Imports what is measured, and collects the rest without the tracer.

    Nor does the garbage collector look through a heap that only grows: that takes a third of the time. What
    is there after it stays: to look through it again takes 0.1 to 0.3 s.
    """
    if sys.gettrace() is not None:
        for package in (ringmain, ringmain_server):
            for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
                if not module.name.endswith("__main__"):
                    importlib.import_module(module.name)
    gc.disable()
    try:
        with _untraced():
            return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measures a test and its fixtures, and the processes that they start, or one of both, or neither."""
    with contextlib.ExitStack() as stack:
        if not _is_in(item, PROCESSES):
            stack.enter_context(_unmeasured_processes())
        if _is_in(item, WHOLE):
            stack.enter_context(_untraced())
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Does not measure a property test.

    pytest-cov's `no_cover` does that too, but not in processes of pytest-xdist's: there, its pause wakes
    another measurement, whose data nobody reads (as of 7.1).
    """
    is_property = isinstance(item, pytest.Function) and is_hypothesis_test(item.obj)
    with _untraced() if is_property else contextlib.nullcontext():
        return (yield)


def _is_in(item: pytest.Item, folders: list[Path]) -> bool:
    return any(item.path.is_relative_to(folder) for folder in folders)


@contextlib.contextmanager
def _untraced() -> Iterator[None]:
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


@contextlib.contextmanager
def _unmeasured_processes() -> Iterator[None]:
    settings = os.environ.pop(SETTINGS, None)
    try:
        yield
    finally:
        if settings is not None:
            os.environ[SETTINGS] = settings
