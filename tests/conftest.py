"""Rules of the whole suite: where `CI` is true, no test may skip but the live ones."""

import os
import signal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes is the machine's affair, and so is how long it takes to draw one.
settings.register_profile("untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


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
    """Lets Ctrl-C mean what it does; arms the rule in CI only: at home a skip is a hint, not a failure.

    What coverage measures is `measuring.py`'s.
    """
    config.pluginmanager.import_plugin("tests.measuring")
    config.pluginmanager.import_plugin("tests.databases")
    # No test makes a database in the folder of whoever runs it.
    os.environ["_RINGMAIN_STATE"] = ""
    # A shell that starts the tests in the background ignores SIGINT, and what they start would inherit that.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.get("CI") == "true":
        config.pluginmanager.register(NothingSkips(), "nothing-skips")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts files with slow tests first, so that none of them is left to one process at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, for tests also wait; on a large machine, no more than have work."""
    return min((os.cpu_count() or 1) + 1, 8)
