"""What holds for every test: how Hypothesis searches, which fixtures are shared, what runs first, and that CI skips nothing."""

import os

from hypothesis import HealthCheck, settings

# Examples are drawn from a fixed seed, so a test that passes here passes there; the long search is `make soak`'s.
settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=25,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("search", parent=settings.get_profile("house"), derandomize=False, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

pytest_plugins = ["tests.ci_skips", "tests.sample_close_fixture", "tests.slow"]
