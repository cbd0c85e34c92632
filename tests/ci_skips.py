"""CI runs what a laptop may skip: under CI=true the skip of a browser, Java or notebook test is a failure."""

import os

import pytest

NEVER_SKIPPED_IN_CI = ("browser", "java", "nbval")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn such a skip into a failure, as CI has installed all that the test needs."""
    report = yield
    if _may_not_skip(item) and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not allow: {call.excinfo.value}"
    return report


def _may_not_skip(item):
    marked = any(item.get_closest_marker(name) for name in NEVER_SKIPPED_IN_CI)
    return os.environ.get("CI") == "true" and marked and item.get_closest_marker("soak") is None
