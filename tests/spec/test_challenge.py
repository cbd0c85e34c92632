"""The challenge's own arithmetic, sizes and judgement: it must be right by itself, and it must be able to fail."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from fractions import Fraction
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_kit.commands.challenge.catalogue import COMPOUNDS, CONTROLS, PLANTS
from recon_kit.commands.challenge.exact import accrue, add_months, decimal_text, half_up, term_end, whole_up
from recon_kit.commands.challenge.expectation import Expected, Part, Terms, amount_gap
from recon_kit.commands.challenge.ground import Unsuitable
from recon_kit.commands.challenge.outcome import judge
from recon_kit.commands.challenge.planting import SIZES, Size
from recon_kit.commands.challenge.report import share_text
from recon_kit.commands.challenge.rounds import Case, cases_of
from recon_kit.commands.challenge.snapshot import Snapshot
from recon_kit.policy import build_policy
from recon_kit.schemas import TABLES
from tests.causes import CAUSES
from tests.world import dates

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = dt.date(2026, 10, 31)
DAYS = st.dates(dt.date(2023, 1, 1), dt.date(2028, 12, 31))


# -- arithmetic ------------------------------------------------------------------------------------------


def test_the_worked_example_of_the_spec_accrues() -> None:
    assert accrue(120_000, dt.date(2026, 3, 1), dt.date(2026, 3, 8)) == 27_097
    assert accrue(120_000, dt.date(2026, 3, 8), dt.date(2026, 3, 1)) == 0


@given(st.integers(0, 10**8), DAYS, DAYS)
def test_accrual_is_that_of_the_test_world(monthly: int, one: dt.date, other: dt.date) -> None:
    start, stop = sorted((one, other))
    assert accrue(monthly, start, stop) == dates.half_up(dates.accrue(Fraction(monthly), start, stop))


@pytest.mark.parametrize(
    ("value", "rounded", "up"),
    [("1/2", 1, 1), ("-1/2", -1, 0), ("3/2", 2, 2), ("1.49", 1, 2), ("2", 2, 2), ("0", 0, 0)],
)
def test_rounding(value: str, rounded: int, up: int) -> None:
    assert (half_up(Fraction(value)), whole_up(Fraction(value))) == (rounded, up)


def test_months_and_terms() -> None:
    assert add_months(dt.date(2024, 1, 31), 1) == dt.date(2024, 2, 29)
    assert add_months(dt.date(2026, 11, 30), -9) == dt.date(2026, 2, 28)
    assert term_end(dt.date(2026, 3, 1), 12) == dt.date(2027, 2, 28)


@pytest.mark.parametrize(
    ("minor", "exponent", "text"), [(120_050, 2, "1200.50"), (5, 2, "0.05"), (-7, 2, "-0.07"), (1200, 0, "1200")]
)
def test_amounts_are_written_as_salesforce_does(minor: int, exponent: int, text: str) -> None:
    assert decimal_text(minor, exponent) == text


@pytest.mark.parametrize(
    ("tolerance", "days"), [(14, [15, 28, 700]), (3, [4, 6, 150]), (1, [2, 2, 50]), (0, [1, 2, 50])]
)
def test_days_are_a_multiple_of_the_tolerance_rounded_up(tolerance: int, days: list[int]) -> None:
    assert [size.days(tolerance) for size in SIZES] == days


def test_amounts_are_a_multiple_of_the_tolerance() -> None:
    assert [size.over(Fraction(100)) for size in SIZES] == [101, 200, 5000]
    assert [size.label for size in SIZES] == ["1.01 ×", "2 ×", "50 ×"]


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert [share_text(*pair) for pair in ((3, 3), (9999, 10_000), (0, 5), (0, 0))] == ["100 %", "99.9 %", "0 %", "–"]


# -- the catalogue ---------------------------------------------------------------------------------------


def test_every_family_and_cause_of_the_spec_has_a_class() -> None:
    planted: dict[str, set[str]] = {}
    for plant in PLANTS:
        planted.setdefault(plant.family, set()).add(plant.cause)
    assert planted == CAUSES
    assert len({plant.name for plant in (*PLANTS, *CONTROLS)}) == len(PLANTS) + len(CONTROLS)


def test_every_class_and_compound_comes_in_every_magnitude() -> None:
    cases = cases_of(2)
    assert len(cases) == 2 * (3 * (len(PLANTS) + len(COMPOUNDS)) + len(CONTROLS))
    assert len({(case.name, case.size, case.number) for case in cases}) == len(cases)


# -- what must be found ----------------------------------------------------------------------------------


def terms() -> Terms:
    return Terms(AS_OF, build_policy({}))


def test_the_largest_part_is_the_cause_and_gives_the_day() -> None:
    on = dt.date(2026, 9, 1)
    parts = [Part("expansion", -30_000, on), Part("discount", 10_000, dt.date(2026, 8, 1))]
    gap = amount_gap(terms(), 100_000, 120_000, parts, fallback=dt.date(2026, 1, 1))
    assert (gap.cause, gap.diverged_on, gap.parts) == ("expansion", on, (("discount", 10_000), ("expansion", -30_000)))
    assert (gap.difference_minor, gap.impact_minor, gap.state, gap.is_material) == (-20_000, 40_000, "open", True)


@pytest.mark.parametrize(("billing", "parts"), [(100_100, [Part("expansion", -100)]), (90_000, [Part("tax", 5_000)])])
def test_parts_that_cancel_or_do_not_sum_are_refused(billing: int, parts: list[Part]) -> None:
    with pytest.raises(Unsuitable):
        amount_gap(terms(), 100_000, billing, parts, fallback=AS_OF)


@pytest.mark.parametrize(
    ("difference", "crm", "is_large"),
    [(9_999, 100_000, False), (10_000, 100_000, True), (10_000, 300_000, False), (20_000, 1_000_100, False),
     (20_003, 1_000_100, True)],
)  # fmt: skip
def test_materiality_is_that_of_the_policy(difference: int, crm: int, is_large: bool) -> None:  # noqa: FBT001
    assert terms().is_large(difference, crm, crm - difference) is is_large


# -- judgement -------------------------------------------------------------------------------------------

EXPECTED = Expected(
    family="amount_mismatch", aspect="amount", cause="expansion", state="open", is_material=False,
    crm_mrr_minor=100_000, billing_mrr_minor=100_200, difference_minor=-200, diverged_on=dt.date(2026, 9, 1),
    impact_minor=400, parts=(("expansion", -200),),
)  # fmt: skip
FOUND = {
    "gap_id": "gap_1", "family": "amount_mismatch", "cause": "expansion", "state": "open", "material": False,
    "account_id": "001A", "customer_ids": ["cus_1"], "opportunity_ids": ["006A"], "subscription_ids": ["sub_1"],
    "crm_mrr_minor": 100_000, "billing_mrr_minor": 100_200, "difference_minor": -200, "impact_minor": 400,
    "diverged_on": dt.date(2026, 9, 1),
}  # fmt: skip
OTHER = {**FOUND, "gap_id": "gap_2", "account_id": "001B", "customer_ids": ["cus_2"]}


def gaps(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = {name: kind for name, kind in TABLES["gaps"].empty().schema.items() if name in FOUND}
    return pl.DataFrame(rows, schema=schema)


def judged(before: list[Any], after: list[Any], part: int = -200) -> tuple[list[Any], list[Any]]:
    host = SimpleNamespace(account_id="001A", customer_id="cus_1")
    company = SimpleNamespace(host=host, expectations=lambda: [EXPECTED])
    components = pl.DataFrame({"gap_id": ["gap_1"], "component": ["expansion"], "amount_minor": [part]})
    case = Case((PLANTS[0],), Size(Fraction(2)), 0)
    return judge([(case, company)], gaps(*before), gaps(*after), components)  # type: ignore[list-item]


def test_a_gap_as_expected_has_no_fault() -> None:
    (outcome,), alarms = judged([OTHER], [FOUND, OTHER])
    assert (outcome.gap_id, outcome.faults, alarms) == ("gap_1", {}, [])


@pytest.mark.parametrize(
    ("change", "aspects"),
    [
        ({"cause": "discount"}, {"cause"}),
        ({"impact_minor": 401}, {"amount"}),
        ({"difference_minor": -201}, {"amount"}),
        ({"crm_mrr_minor": 100_001}, {"amount"}),
        ({"diverged_on": dt.date(2026, 9, 2)}, {"date"}),
        ({"state": "in_window"}, {"state"}),
        ({"material": True}, {"state"}),
    ],
)
def test_what_differs_is_named(change: dict[str, Any], aspects: set[str]) -> None:
    (outcome,), alarms = judged([], [{**FOUND, **change}])
    assert (set(outcome.faults), alarms) == (aspects, [])


def test_a_component_that_differs_is_a_wrong_amount() -> None:
    (outcome,), _ = judged([], [FOUND], part=-199)
    assert set(outcome.faults) == {"amount"}


@pytest.mark.parametrize(
    "after", [[], [OTHER], [{**FOUND, "family": "orphaned_revenue"}], [{**FOUND, "opportunity_ids": []}]]
)
def test_a_gap_that_is_not_there_is_missed(after: list[Any]) -> None:
    (outcome,), _ = judged([OTHER], after)
    assert outcome.gap_id is None


@pytest.mark.parametrize(
    ("before", "after"),
    [([], [FOUND, OTHER]), ([OTHER], [FOUND, {**OTHER, "impact_minor": 1}]),
     ([], [FOUND, {**FOUND, "gap_id": "gap_3", "family": "orphaned_revenue"}])],
)  # fmt: skip
def test_a_new_or_changed_gap_that_nothing_planted_explains_is_a_false_alarm(
    before: list[Any], after: list[Any]
) -> None:
    _, alarms = judged(before, after)
    assert len(alarms) == 1
    assert judged(after, after)[1] == []


# -- the snapshot ----------------------------------------------------------------------------------------


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    (folder / "stripe").mkdir(parents=True)
    (folder / "salesforce").mkdir()
    (folder / "pull").mkdir()
    (folder / "pull" / "stripe.json").write_text("{}")
    lines = [b'{"id": "cus_1",  "x": 1.50}\n', b'{ "id" : "cus_2", "x": 1.50 }\n']
    (folder / "stripe" / "customers.jsonl").write_bytes(b"".join(lines))
    (folder / "stripe" / "charges.jsonl.gz").write_bytes(gzip.compress(b'{"id":"ch_1","customer":"cus_1"}\n', mtime=0))
    (folder / "salesforce" / "Account.csv").write_bytes('Id,Name\n001A,"Żubr, ""S.A."""\n'.encode())
    return folder


def test_lines_of_other_companies_stay_byte_by_byte(raw: Path, tmp_path: Path) -> None:
    snapshot = Snapshot(raw, ["cus_1"])
    (customer,) = snapshot.objects("customers")
    customer["x"] = 2
    snapshot.drop(snapshot.objects("charges"))
    snapshot.add("coupons", {"id": "C"})
    snapshot.add_row("Account", {"Id": "001B", "Name": "New"})
    snapshot.write(tmp_path / "copy")
    kept, other = (tmp_path / "copy" / "stripe" / "customers.jsonl").read_bytes().splitlines()
    assert json.loads(kept) == {"id": "cus_1", "x": 2}
    assert other == b'{ "id" : "cus_2", "x": 1.50 }'
    assert gzip.decompress((tmp_path / "copy" / "stripe" / "charges.jsonl.gz").read_bytes()) == b""
    assert (tmp_path / "copy" / "stripe" / "coupons.jsonl").read_bytes() == b'{"id":"C"}\n'
    table = (tmp_path / "copy" / "salesforce" / "Account.csv").read_text("utf-8")
    assert table == '"Id","Name"\n"001A","Żubr, ""S.A."""\n"001B","New"\n'
    assert not (tmp_path / "copy" / "pull").exists()


def test_an_attempt_is_undone(raw: Path) -> None:
    snapshot = Snapshot(raw, ["cus_1"])
    mark = snapshot.mark()
    snapshot.drop(snapshot.objects("customers"))
    snapshot.add("coupons", {"id": "C"})
    snapshot.add_row("Account", {"Id": "001B"})
    snapshot.undo(mark)
    assert [one["id"] for one in snapshot.objects("customers")] == ["cus_1"]
    assert (list(snapshot.objects("coupons")), len(list(snapshot.rows("Account")))) == ([], 1)
