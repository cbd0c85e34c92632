"""The files that take minutes start first, so that no worker begins one when the others are done."""

SLOW = (
    "property/test_whole_closes.py",
    "integrity/test_kill.py",
    "integrity/test_review.py",
    "integrity/test_adopted_links.py",
    "integrity/test_sign.py",
    "integrity/test_pulled_close.py",
    "loopback/test_schedules.py",
    "integrity/test_challenge.py",
    "integrity/test_decisions.py",
    "integrity/test_verify.py",
    "integrity/test_determinism.py",
    "test_exports.py",
    "notebooks/test_papermill.py",
    "integrity/test_commands.py",
    "fuzz/test_mutations.py",
    "browser/test_pack.py",
    "test_stripe_reader.py",
)
"""By their time, longest first; measured with ``--durations`` (``-n 2 --dist loadfile --no-loadscope-reorder``)."""


def pytest_collection_modifyitems(items):
    """Put the slow files first, the others after them as they come."""
    items.sort(key=_place)


def _place(item):
    path = item.path.as_posix()
    return next((place for place, file in enumerate(SLOW) if path.endswith(f"/tests/{file}")), len(SLOW))
