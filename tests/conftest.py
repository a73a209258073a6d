"""Rules of the whole suite: where `CI` is true, no test may skip but the live ones."""

import os

import pytest


class NothingSkips:
    """Fails the run if a test, or a whole file, was skipped and is not marked `live`."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        expected_failure = hasattr(report, "wasxfail")
        if report.skipped and not expected_failure and "live" not in report.keywords:
            self.skipped.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skipped.append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for name in self.skipped:
            terminalreporter.write_line(f"Skipped, which CI does not allow: {name}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Arms the rule in CI only: at home a skip is a hint, not a failure."""
    if os.environ.get("CI") == "true":
        config.pluginmanager.register(NothingSkips(), "nothing-skips")
