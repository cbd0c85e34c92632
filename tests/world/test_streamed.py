"""A company of any size: its stories do not depend on how they are written, and its invoices are those of the engine."""

import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from tests.whole_close import run_cells, table, write_params
from tests.world.__main__ import main
from tests.world.against_truth import assert_close_is_true, assert_mrr_is_true
from tests.world.dates import day_of
from tests.world.names import company_name
from tests.world.reader import objects, rows, subscription_facts
from tests.world.steady import SteadyBiller
from tests.world.streamed import Order, plant_of, tell, write_streamed
from tests.world.stripe_json_invoices import invoice_json
from tests.world.truth import days_after

AS_OF = date(2026, 10, 31)
ORDER = Order(7, 400, AS_OF, stories_a_part=150)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streamed")
    assert write_streamed(ORDER, folder) == ORDER.accounts
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def steady_billers(stories: int) -> list[SteadyBiller]:
    told = [tell(ORDER, index) for index in range(stories)]
    for story in told:
        story.play(story.cutoff + 1)
    return [biller for story in told for biller in story.billers if isinstance(biller, SteadyBiller)]


@pytest.mark.parametrize("shape", ["old", "new", "mixed"])
def test_an_invoice_from_the_mould_is_the_one_that_would_be_written_alone(shape: str) -> None:
    seen = 0
    for biller in steady_billers(120):
        texts = list(biller.invoice_texts(shape))
        assert len(texts) == len(list(biller.periods(biller.cutoff)))
        for period, text in zip(biller.periods(biller.cutoff), texts, strict=True):
            invoice, state = biller.invoice(period)
            assert json.loads(text) == invoice_json(invoice, state, biller.cutoff - 1, biller._shape(shape))
            seen += 1
    assert seen > 1000


def test_steady_invoices_leave_no_gap_and_end_with_their_subscription() -> None:
    billers = steady_billers(120)
    for biller in billers:
        periods, newest = list(biller.periods(biller.cutoff)), biller.state
        assert all(before.end == after.start for before, after in pairwise(periods))
        assert newest.latest_invoice == biller.invoice_id(periods[-1].number)
        if newest.status == "canceled":
            assert newest.ended_at == periods[-1].end < biller.cutoff
        else:
            assert newest.period_start < biller.cutoff <= newest.period_end
    assert {biller.state.status for biller in billers} == {"active", "canceled"}
    assert any(biller.change_at for biller in billers)


def test_a_change_of_seats_is_prorated_once() -> None:
    grown = [biller for biller in steady_billers(300) if biller.change_at]
    for biller in grown:
        invoices = [json.loads(text) for text in biller.invoice_texts("new")]
        prorated = [
            invoice
            for invoice in invoices
            for line in invoice["lines"]["data"]
            if line["parent"]["subscription_item_details"]["proration"]
        ]
        assert len(prorated) == 2, "the unused time of the old seats and the remaining time of the new ones"
        assert len({invoice["id"] for invoice in prorated}) == 1
        assert invoices[-1]["total"] > invoices[0]["total"] > 0
    assert len(grown) > 5


def test_parts_and_processes_change_nothing_but_the_order(company: Path, tmp_path: Path) -> None:
    main(
        [
            "--out",
            str(tmp_path / "two"),
            "--seed",
            "7",
            "--accounts",
            "400",
            "--only",
            "all",
            "--plain",
            "--processes",
            "2",
        ]
    )
    write_streamed(replace(ORDER, stories_a_part=500), tmp_path / "one")
    assert contents(tmp_path / "two") == contents(tmp_path / "one")
    whole, parted = contents(tmp_path / "one"), contents(company)
    assert whole.keys() == parted.keys()
    for name, text in whole.items():
        assert Counter(text.splitlines()) == Counter(parted[name].splitlines()), name


def test_names_are_the_same_company_without_its_business(company: Path, tmp_path: Path) -> None:
    write_streamed(replace(ORDER, names_only=True), tmp_path)
    written, whole = contents(tmp_path), contents(company)
    assert set(written) == {
        "stripe/customers.jsonl",
        "salesforce/Account.csv",
        "salesforce/Contact.csv",
        "truth/links.csv",
    }
    for name in ("stripe/customers.jsonl", "salesforce/Contact.csv", "truth/links.csv"):
        assert Counter(written[name].splitlines()) == Counter(whole[name].splitlines()), name
    edited = {"Type", "Customer_Status__c", "Churn_Date__c", "LastModifiedDate", "SystemModstamp"}
    named, known = ({row["Id"]: row for row in rows(folder, "Account")} for folder in (tmp_path, company))
    assert named.keys() == known.keys()
    for own, row in named.items():
        assert {column for column, value in row.items() if value != known[own][column]} <= edited


def test_ids_are_unique_and_references_lead_somewhere(company: Path) -> None:
    lists = {name: objects(company, name) for name in ("customers", "subscriptions", "invoices", "prices", "coupons")}
    for name, found in lists.items():
        assert len({own["id"] for own in found}) == len(found), name
    lines = [line["id"] for invoice in lists["invoices"] for line in invoice["lines"]["data"]]
    assert len(set(lines)) == len(lines)
    customers, invoices = ({own["id"] for own in lists[name]} for name in ("customers", "invoices"))
    prices = {own["id"] for own in lists["prices"]}
    for own in lists["subscriptions"]:
        assert own["customer"] in customers
        assert own["latest_invoice"] in invoices
        assert {item["price"]["id"] for item in own["items"]["data"]} <= prices
    assert {own["customer"] for own in lists["invoices"]} <= customers


def test_the_company_has_the_variety_of_a_real_one(company: Path) -> None:
    invoices, subscriptions = objects(company, "invoices"), objects(company, "subscriptions")
    assert len({own["currency"] for own in invoices}) == 4
    assert {"tax" in own for own in invoices} == {True, False}, "both shapes"
    assert {"paid", "open"} <= {own["status"] for own in invoices}
    assert 17 < len(invoices) / ORDER.accounts < 23
    assert 1.1 < len(subscriptions) / ORDER.accounts < 1.3
    several = sum(len(own["lines"]["data"]) > 1 for own in invoices)
    assert 0.03 < several / len(invoices) < 0.2
    assert any(own["total_discount_amounts"] for own in invoices)
    assert all(day_of(own["created"]) <= AS_OF for own in invoices)


def test_the_snapshot_says_what_the_truth_rests_on(company: Path) -> None:
    said = {own["id"]: subscription_facts(own)[0] for own in objects(company, "subscriptions") if own["livemode"]}
    with (company / "truth" / "mrr.csv").open(encoding="utf-8") as opened:
        known = defaultdict(dict)
        for line in list(opened)[1:]:
            side, record, minor, *_ = line.split(",")
            known[side][record] = int(minor)
    assert known["billing"].keys() == said.keys()
    assert all(said[own] in {"active", "past_due"} for own, minor in known["billing"].items() if minor)
    assert known["crm"].keys() == {row["Id"] for row in rows(company, "Opportunity") if row["IsWon"] == "true"}


def test_a_close_finds_what_is_true(company: Path, tmp_path: Path) -> None:
    close = run_cells(write_params(tmp_path, company), tmp_path / "close")
    assert_close_is_true(close, company)
    one_cent_more = table(close, "mrr_worksheet").with_columns(pl.col("mrr_minor") + 1)
    one_cent_more.write_parquet(close / "tables" / "mrr_worksheet.parquet")
    with pytest.raises(AssertionError, match="said_by"):
        assert_mrr_is_true(close, company)


def test_every_tenth_story_is_one_of_the_catalogue() -> None:
    plants = [plant_of(index) for index in range(2000)]
    assert sum(plant.name == "steady" for plant in plants) == 1800
    assert sum(bool(plant.family) for plant in plants) > 50


def test_names_and_domains_are_distinct_however_many() -> None:
    numbers = [*range(6000), *range(997_000, 1_000_000)]
    names = {company_name(number) for number in numbers}
    assert len({name.lower().replace(" ", "").replace("-", "") for name in names}) == len(numbers)


def test_a_streamed_company_is_plain_and_of_its_own_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), "--only", "all"])
    assert "--plain" in capsys.readouterr().err
    assert days_after(AS_OF) == tell(ORDER, 0).cutoff
