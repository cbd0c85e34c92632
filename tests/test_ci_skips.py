"""Under CI the skip of a browser, Java or notebook test is a failure: a test of the hook in ci_skips.py."""

from pathlib import Path

import pytest

HOOK = Path(__file__).with_name("ci_skips.py").read_text(encoding="utf-8")
INI = "[pytest]\naddopts = -p no:cacheprovider\nmarkers =\n    browser\n    java\n    nbval\n    soak\n"
TESTS = """
import pytest

@pytest.mark.browser
def test_skips_while_it_runs(): pytest.skip("no browser")

@pytest.mark.java
def test_java_skips_while_it_runs(): pytest.skip("no Java")

@pytest.mark.nbval
@pytest.mark.skipif(True, reason="no kernel")
def test_is_skipped_before_it_runs(): ...

@pytest.mark.browser
@pytest.mark.soak
def test_soak_may_skip(): pytest.skip("no browser")

def test_any_other_may_skip(): pytest.skip("not on this system")

@pytest.mark.browser
@pytest.mark.xfail
def test_expected_failure_is_no_skip(): assert False

@pytest.mark.browser
def test_that_runs(): ...
"""

# CI, and what becomes of the seven: a skip before the test runs counts as an error of its set-up
TABLE = [
    ("true", {"passed": 1, "failed": 2, "errors": 1, "skipped": 2, "xfailed": 1}),
    ("", {"passed": 1, "failed": 0, "errors": 0, "skipped": 5, "xfailed": 1}),
]


@pytest.mark.parametrize(("ci", "outcomes"), TABLE)
def test_skips(pytester, monkeypatch, ci, outcomes):
    monkeypatch.setenv("CI", ci)
    pytester.makeconftest(HOOK)
    pytester.makeini(INI)
    pytester.makepyfile(TESTS)
    pytester.runpytest_subprocess().assert_outcomes(**outcomes)
