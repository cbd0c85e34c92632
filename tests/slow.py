"""The slow half of the tests: whole closes, kills, pulls and campaigns; ``make test`` leaves it out, CI runs both halves.

Its files are marked ``slow`` and start in the order of this list, longest first, so that no worker begins a long one when
the others are done.
"""

import pytest

SLOW = (
    "integrity/test_restate.py",
    "browser/test_pack.py",
    "spec/test_alerts.py",
    "integrity/test_pulled_close.py",
    "loopback/test_schedules.py",
    "integrity/test_kill.py",
    "property/test_whole_closes.py",
    "integrity/test_verify.py",
    "test_stripe_reader.py",
    "browser/test_print.py",
    "integrity/test_decisions.py",
    "spec/test_pull_stripe.py",
    "property/test_gap_metamorphic.py",
    "integrity/test_adopted_links.py",
    "integrity/test_review.py",
    "integrity/test_commands.py",
    "integrity/test_sign.py",
    "fuzz/test_mutations.py",
    "spec/test_pull_salesforce.py",
    "integrity/test_weekly.py",
    "integrity/test_challenge.py",
    "browser/test_gap_page.py",
    "integrity/test_init.py",
    "notebooks/test_papermill.py",
    "spec/test_links_engines.py",
    "test_exports.py",
    "browser/test_weekly_page.py",
    "spec/test_correction_ids.py",
    "integrity/test_determinism.py",
    "bench/test_bench.py",
    "integrity/test_only.py",
    "browser/test_restate_page.py",
    "property/test_corrected_amounts.py",
    "integrity/test_purged_close.py",
    "integrity/test_alert_delivery.py",
    "integrity/test_index_changes.py",
    "world/test_streamed.py",
)
"""By their time (``--durations``, ``-n 2 --dist loadfile --no-loadscope-reorder``)."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests of slow files, before pytest chooses by marker, and put them first."""
    for item in items:
        if _place(item) < len(SLOW):
            item.add_marker("slow")
    items.sort(key=_place)


def _place(item):
    path = item.path.as_posix()
    return next((place for place, file in enumerate(SLOW) if path.endswith(f"/tests/{file}")), len(SLOW))
