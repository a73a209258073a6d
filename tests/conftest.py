"""Rules of the whole suite.

Where `CI` is true, no test may skip but the live ones. Coverage is what the examples reach: random inputs
reach something else in each run, and take twice the time under a tracer.
"""

import contextlib
import importlib
import os
import pkgutil
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import ringmain
import ringmain_server
from hypothesis import is_hypothesis_test

PROCESSES = [Path(__file__).with_name(folder) for folder in ("cli", "e2e")]
"""Tests of the command line and of the service as processes of their own."""
COVERAGE = "COVERAGE_PROCESS_CONFIG"
"""By this variable coverage measures the processes that are started (`patch = ["subprocess"]`)."""


class NothingSkips:
    """Fails the run if a test, or a whole file, was skipped and is not marked `live`."""

    def __init__(self) -> None:
        self.skipped: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        expected_failure = hasattr(report, "wasxfail")
        if report.skipped and not expected_failure and "live" not in report.keywords:
            self.skipped[report.nodeid] = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skipped[report.nodeid] = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A process of pytest-xdist's has ended: files that were skipped whole are known to it alone."""
        self.skipped |= dict.fromkeys(getattr(node, "workeroutput", {}).get("skipped", ()))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["skipped"] = list(self.skipped)
        elif self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for name in self.skipped:
            terminalreporter.write_line(f"Skipped, which CI does not allow: {name}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Lets Ctrl-C mean what it does; arms the rule in CI only: at home a skip is a hint, not a failure."""
    # A shell that starts the tests in the background ignores SIGINT, and what they start would inherit that.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.get("CI") == "true":
        config.pluginmanager.register(NothingSkips(), "nothing-skips")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, for tests also wait; on a large machine, no more than have work."""
    return min((os.cpu_count() or 1) + 1, 8)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Has coverage measure the processes that a test starts only where they are what it tests."""
    if any(item.path.is_relative_to(folder) for folder in PROCESSES):
        return (yield)
    settings = os.environ.pop(COVERAGE, None)
    try:
        return (yield)
    finally:
        if settings is not None:
            os.environ[COVERAGE] = settings


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Measures how our modules are imported, and not what else is collected: under a tracer it takes long."""
    if sys.gettrace() is None:
        return (yield)
    for package in (ringmain, ringmain_server):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    with _untraced():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Leaves property tests out of the coverage.

    pytest-cov's `no_cover` does that too, but not in processes of pytest-xdist's: there, its pause wakes
    another measurement, whose data nobody reads (as of 7.1).
    """
    if not isinstance(item, pytest.Function) or not is_hypothesis_test(item.obj):
        return (yield)
    with _untraced():
        return (yield)


@contextlib.contextmanager
def _untraced() -> Iterator[None]:
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
