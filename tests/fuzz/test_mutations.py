"""Damaged input, drawn from a seed: no unhandled fault, no hang, no silent change, no lost record."""

import os
from pathlib import Path

import pytest

from .campaign import Campaign
from .judging import Tally

SEED = int(os.environ.get("FUZZ_SEED", "1"))
CASES, SOAK_CASES = 2_000, 100_000


@pytest.fixture(scope="module")
def campaign(tmp_path_factory) -> Campaign:
    print(f"seed {SEED}")
    return Campaign(SEED, tmp_path_factory.mktemp("fuzz"))


def judged(campaign: Campaign, kind: str, cases: int) -> Tally:
    total = Tally()
    for one, number, size in campaign.plan(cases):
        if one == kind:
            total.add(campaign.run_batch(one, number, size))
    return total


#    kind          cases of it in the campaign, at least
KINDS = [
    ("stripe",     1_000),
    ("salesforce", 700),
    ("files",      25),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "at_least"), KINDS, ids=[row[0] for row in KINDS])
def test_whatever_is_done_to_valid_files_every_record_ends_somewhere_with_a_reason(campaign, kind, at_least):
    total = judged(campaign, kind, CASES)
    assert total.cases >= at_least


def test_a_case_is_repeated_by_its_seed(campaign):
    ends = [campaign.run_batch("salesforce", 0, 50).ends for _ in range(2)]
    assert ends[0] == ends[1]


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 20))
def test_a_long_campaign(tmp_path: Path, seed):
    campaign = Campaign(seed, tmp_path)
    total = Tally()
    for kind, number, cases in campaign.plan(SOAK_CASES // 10):
        total.add(campaign.run_batch(kind, number, cases))
    assert total.cases >= SOAK_CASES // 10 * 9 // 10
