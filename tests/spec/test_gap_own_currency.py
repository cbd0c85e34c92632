"""What no exchange rate converts is compared in its own currency, and kept out of totals.

No rate for KWD (three decimals), JPY (none) or UAH (two); USD is reported. Amounts count their currency's smallest units
in hundreds: ``o1 1,000 … currency=KWD`` is 100,000 fils, or 100.000 KWD. Each row: what Salesforce sold, what Stripe
bills, and what comes of it: ``family/cause difference currency`` of a gap, ``pair currency``, or the bridge line of a
record that has neither; a semicolon between two.
"""

from decimal import Decimal

import polars as pl
import pytest

from recon_kit.policy import Policy, build_policy
from tests.drawn_gaps import rows_of
from tests.hand_made import minor
from tests.side_by_side import Found
from tests.sold_and_billed import company, found_in

DRAWN = """
# one currency on both sides
the same                        | o1 1,000 2026-03-01.. currency=KWD | s1 1,000 2026-03-01 currency=KWD | pair KWD
another amount                  | o1 1,000 2026-03-01.. currency=KWD | s1 900 2026-03-01 currency=KWD | amount_mismatch/unexplained 100 KWD
nobody bills it                 | o1 1,000 2026-03-01.. currency=KWD | | missing_subscription/handoff_missed 1,000 KWD
it ended                        | o1 1,000 2026-03-01.. currency=KWD | s1 1,000 2026-03-01 ended=2026-07-01 currency=KWD | phantom_revenue/cancellation_not_in_crm 1,000 KWD
nobody sold it                  | | s1 900 2026-03-01 currency=KWD | orphaned_revenue/self_service_signup -900 KWD
the contract ended              | o1 900 2025-08-01..2026-07-31 currency=KWD | s1 900 2025-08-01 currency=KWD | date_misalignment/billing_past_end -900 KWD
paused                          | o1 900 2026-03-01.. currency=KWD | s1 900 2026-03-01 paused=2026-09-01 currency=KWD | amount_mismatch/paused 900 KWD
one of two subscriptions extra  | o1 900 2026-03-01.. currency=KWD names=s1 | s1 900 2026-03-01 currency=KWD; s2 50 2026-05-01 currency=KWD | amount_mismatch/expansion -50 KWD; pair KWD

# 1.00 of the currency itself is rounding: 1,000 fils, 1 yen, 100 kopiyky
a dinar less                    | o1 1,010 2026-03-01.. currency=KWD | s1 1,000 2026-03-01 currency=KWD | pair KWD
a dinar and a fils less         | o1 1,010.01 2026-03-01.. currency=KWD | s1 1,000 2026-03-01 currency=KWD | amount_mismatch/unexplained 10.01 KWD
a yen less                      | o1 1,000.01 2026-03-01.. currency=JPY | s1 1,000 2026-03-01 currency=JPY | pair JPY
two yen less                    | o1 1,000.02 2026-03-01.. currency=JPY | s1 1,000 2026-03-01 currency=JPY | amount_mismatch/unexplained 0.02 JPY
a hryvnia less                  | o1 1,001 2026-03-01.. currency=UAH | s1 1,000 2026-03-01 currency=UAH | pair UAH
a hryvnia and a kopiyka less    | o1 1,001.01 2026-03-01.. currency=UAH | s1 1,000 2026-03-01 currency=UAH | amount_mismatch/unexplained 1.01 UAH

# both sides hold the same currencies: each is compared for itself
two customers' worth of each    | o1 1,000 2026-03-01.. currency=KWD; o2 500 2026-03-01.. | s1 900 2026-03-01 currency=KWD; s2 450 2026-03-01 | amount_mismatch/unexplained 100 KWD; amount_mismatch/unexplained 50 USD
the same number, not the money  | o1 500 2026-03-01.. currency=KWD; o2 900 2026-03-01.. | s1 900 2026-03-01 currency=KWD; s2 500 2026-03-01 | amount_mismatch/unexplained -400 KWD; amount_mismatch/unexplained 400 USD
two currencies without a rate   | o1 1,000 2026-03-01.. currency=KWD; o2 500 2026-03-01.. currency=JPY | s1 900 2026-03-01 currency=KWD; s2 500 2026-03-01 currency=JPY | amount_mismatch/unexplained 100 KWD; pair JPY

# one side holds none: nothing there may belong to it
sold in two, not billed         | o1 1,000 2026-03-01.. currency=KWD; o2 500 2026-03-01.. | | missing_subscription/handoff_missed 1,000 KWD; missing_subscription/handoff_missed 500 USD
billed in two, not sold         | | s1 900 2026-03-01 currency=KWD; s2 450 2026-03-01 | orphaned_revenue/self_service_signup -900 KWD; orphaned_revenue/self_service_signup -450 USD
a dollar contract ended         | o1 900 2025-08-01..2026-07-31 | s1 900 2025-08-01 currency=KWD | date_misalignment/billing_past_end -900 KWD

# the sides hold different ones: one may be the other, so what does not tie is no gap
sold in dinars, billed in USD   | o1 1,000 2026-03-01.. currency=KWD | s1 900 2026-03-01 | not_comparable; not_comparable
sold in USD, billed in dinars   | o1 1,000 2026-03-01.. | s1 1,000 2026-03-01 currency=KWD | not_comparable; not_comparable
two that no rate converts       | o1 1,000 2026-03-01.. currency=KWD | s1 900 2026-03-01 currency=JPY | not_comparable; not_comparable
what ties, ties                 | o1 1,000 2026-03-01.. currency=KWD; o2 500 2026-03-01.. | s1 1,000 2026-03-01 currency=KWD; s2 450 2026-03-01 currency=KWD | pair KWD; not_comparable; not_comparable
ids lead from one to the other  | o1 1,000 2026-03-01.. currency=KWD names=s2; o2 500 2026-03-01.. names=s1 | s1 1,000 2026-03-01 currency=KWD; s2 500 2026-03-01 | not_comparable; not_comparable; not_comparable; not_comparable
"""


CASES = rows_of(DRAWN)


@pytest.fixture(scope="module")
def together():
    """All companies compared in one run, whatever their currencies."""
    return Found(company(*case.values[:2]) for case in CASES)


def told(found, number):
    """What became of every record of one company, in the words of the table."""
    rows = [(f"{gap['family']}/{gap['cause']}", gap["difference_minor"], gap["currency"]) for gap in found.gaps(number)]
    own = pl.col("opportunity_ids").list.first().str.ends_with(f".{number}")
    pairs = [f"pair {currency}" for currency in found.together.pairs.filter(own)["currency"]]
    placed = found.together.placement.filter(pl.col("record_id").str.ends_with(f".{number}"), placed_in="bridge")
    return sorted([*rows, *pairs, *placed["line"]], key=str)


def read(expected):
    for one in expected.split(";"):
        words = one.split()
        yield (words[0], minor(words[1]), words[2]) if len(words) == 3 else " ".join(words)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.id for case in CASES])
def test_drawn(together, number):
    assert told(together, number) == sorted(read(CASES[number].values[2]), key=str)


def test_every_sentence_names_its_currency(together):
    found = together.together
    assert set(found.gaps["currency"]) == {"KWD", "JPY", "UAH", "USD"}
    for gap in found.gaps.iter_rows(named=True):
        assert gap["currency"] in gap["explanation"]
    assert set(found.bridge["currency"]) == {"USD"}


def test_totals_bridge_and_equations_leave_it_out_and_have_their_own():
    alone = found_in(company("o1 500 2026-03-01..", "s1 450 2026-03-01"))
    beside = found_in(
        company(
            "o1 500 2026-03-01..; ox 1,000 2026-03-01.. of=accx currency=KWD",
            "s1 450 2026-03-01; sx 900 2026-03-01 of=cusx currency=KWD",
        )
    )
    assert beside.bridge.equals(alone.bridge)
    names = [control.control_id for control in beside.controls]
    assert len(set(names)) == len(names)
    own = {control.control_id: control for control in beside.controls if control.currency == "KWD"}
    assert own["gaps.placement.crm.kwd"].left_minor == 100_000
    assert own["gaps.bridge.residual.kwd"].passes
    assert beside.placement.group_by("currency").agg(pl.len()).sort("currency").rows() == [("KWD", 2), ("USD", 2)]


def test_the_tolerance_is_cut_to_the_decimals_of_the_currency():
    policy = Policy(rounding_tolerance=Decimal("1.50"))
    one, two = (
        found_in(company(f"o1 {sold} 2026-03-01.. currency=JPY", "s1 1,000 2026-03-01 currency=JPY"), policy=policy)
        for sold in ("1,000.01", "1,000.02")
    )
    assert (one.gaps.height, two.gaps.height) == (0, 1)


MATERIAL = """
5 % of the larger              | o1 1,000 2026-03-01.. currency=KWD | s1 950 2026-03-01 currency=KWD | yes
4.99 %                         | o1 1,000 2026-03-01.. currency=KWD | s1 950.10 2026-03-01 currency=KWD | no
4.99 % of millions             | o1 90,000,000 2026-03-01.. currency=JPY | s1 85,509,000 2026-03-01 currency=JPY | no
late, whatever it costs        | o1 10 2026-03-01.. currency=KWD | s1 10 2026-03-10 currency=KWD | yes
an orphan of whatever size     | | s1 1 2026-03-01 currency=KWD | yes
"""


@pytest.mark.parametrize(("sold", "billed", "expected"), rows_of(MATERIAL))
def test_only_per_cents_can_say_that_a_gap_is_small(sold, billed, expected):
    """Thresholds are amounts of the reporting currency, into which none of these converts."""
    found = found_in(company(sold, billed))
    assert found.gaps["material"].to_list() == [expected == "yes"]


def test_the_profile_sets_the_per_cent():
    tables = company("o1 1,000 2026-03-01.. currency=KWD", "s1 970 2026-03-01 currency=KWD")
    policies = (build_policy({}, profile) for profile in ("default", "due_diligence"))
    assert [found_in(tables, policy=policy).gaps["material"].item() for policy in policies] == [False, True]
