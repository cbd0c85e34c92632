"""What holds for every test: how Hypothesis searches, and that CI runs what a laptop may skip."""

import os

import pytest
from hypothesis import HealthCheck, settings

# Examples are drawn from a fixed seed, so a test that passes here passes there; the long search is `make soak`'s.
settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=60,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("search", parent=settings.get_profile("house"), derandomize=False, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

pytest_plugins = ["tests.sample_close_fixture"]

NEVER_SKIPPED_IN_CI = ("browser", "java", "nbval")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn the skip of a browser, Java or notebook test into a failure under CI, where all it needs is installed."""
    report = yield
    if _may_not_skip(item) and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not allow: {call.excinfo.value}"
    return report


def _may_not_skip(item):
    marked = any(item.get_closest_marker(name) for name in NEVER_SKIPPED_IN_CI)
    return os.environ.get("CI") == "true" and marked and item.get_closest_marker("soak") is None
