"""What a close alerts of: small companies closed as the notebooks close them, and the alerts they raise."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from recon_kit import close
from recon_kit.close.alerts.routing import variable_of
from recon_kit.gaps.verdicts import CAUSES, with_verdict
from recon_kit.policy import Policy, SettingsError, build_policy
from recon_kit.schemas import TABLES
from tests import stripe_records as stripe
from tests.acme import SENTENCE, failed_invoice, write_acme
from tests.small_close import close_again, small_close
from tests.whole_close import table, write_params

AS_OF = dt.date(2026, 10, 31)


def acme(folder, *, policy=None, **changed):
    """The alerts of Acme's close."""
    raw = write_acme(folder / "raw", **changed)
    params = write_params(folder, raw, policy=policy or {})
    return table(close_again(params, folder / "closes" / "2026-10-31"), "alerts")


def of(alerts, kind):
    return alerts.filter(pl.col("kind") == kind)


@pytest.mark.parametrize("has_events", [True, False], ids=["by its event", "by its invoices"])
def test_the_acme_sentence(tmp_path, has_events):
    found = of(acme(tmp_path, has_events=has_events), "gap")
    assert found["cause"].to_list() == ["expansion"]
    if has_events:
        assert found["sentence"].item() == SENTENCE
    else:  # only the first invoice with eight seats tells the day
        assert found["sentence"].item() == SENTENCE.replace("3 March", "1 April")


def test_an_alert_tells_amounts_owner_teams_and_what_to_do(tmp_path):
    row = of(acme(tmp_path), "gap").row(0, named=True)
    told = {
        "account_name": "Acme Corp", "crm_mrr_minor": 280000, "billing_mrr_minor": 320000, "difference_minor": -40000,
        "difference_pct": 12.5, "currency": "USD", "since_on": dt.date(2026, 3, 3), "teams": ["RevOps", "owner"],
        "owner_names": ["Ann Lee"], "owner_emails": ["ann@seller.example"], "opportunity_ids": ["O1"],
        "subscription_ids": ["sub_1"], "state": "open", "waits_for_link": False,
    }  # fmt: skip
    assert {name: row[name] for name in told} == told
    assert row["alert_id"] == f"gap:{row['gap_id']}"
    assert row["next_step"].startswith("Salesforce: update “Seats 2026” of Acme Corp")


def test_a_name_stays_on_its_line(tmp_path):
    row = of(acme(tmp_path, name="Acme\r\nCorp\t\x07 Ltd"), "gap").row(0, named=True)
    assert row["sentence"].startswith("Acme Corp Ltd: Stripe shows")


def test_agreement_alerts_nobody(tmp_path):
    assert acme(tmp_path, seats=7).is_empty()


# what is so of October's invoice, of an event that tells of its failure, of its charge; does it alert
ATTEMPTED = {
    "tried once and open": ({}, False, None, 1),
    "tried again": ({"attempt_count": 4}, False, None, 1),
    "not tried yet": ({"attempt_count": 0}, False, None, 0),
    "an event tells of the failure": ({"attempt_count": 0}, True, None, 1),
    "paid meanwhile": ({"status": "paid"}, True, None, 0),
    "written off": ({"status": "uncollectible"}, True, None, 0),
    "nothing is left to pay": ({"amount_remaining_minor": 0}, False, None, 0),
    "the bank has not answered": ({}, False, "pending", 0),
    "refused by the bank": ({}, False, "failed", 1),
    "refused, and tried again": ({"attempt_count": 2}, False, "failed pending", 1),
}


@pytest.fixture(scope="module")
def dunned(tmp_path_factory):
    """Acme's close, all seats sold, October's invoice open, tried, and told of by an event and a charge."""
    folder = tmp_path_factory.mktemp("dunned")
    told = stripe.event("evt_f", "2026-10-21", {"id": "in_failed", "object": "invoice"}, kind="invoice.payment_failed")
    charged = [stripe.charge("ch_f", invoice="in_failed", status="failed", paid=False)]
    acme(folder, sold="3200.00", invoices=[failed_invoice()], events=[told], charges=charged)
    return folder / "closes" / "2026-10-31"


def failed_payments(folder, changed, *, is_told, charged):
    """The alerts when only what is given is known of the invoice."""
    is_it = pl.col("invoice_id") == "in_failed"
    invoices = table(folder, "invoices").with_columns(
        pl.when(is_it).then(pl.lit(value)).otherwise(name).alias(name) for name, value in changed.items()
    )
    one = table(folder, "charges")
    charges = pl.concat([one.clear(), *(one.with_columns(status=pl.lit(status)) for status in (charged or "").split())])
    events = table(folder, "events")
    known = {
        "invoices": invoices,
        "events": events if is_told else events.filter(pl.col("type") != "invoice.payment_failed"),
        "charges": charges,
    }
    return of(raised(folder, **known).alerts, "failed_payment")


@pytest.mark.parametrize("case", ATTEMPTED)
def test_a_failed_payment_alerts_at_once(dunned, case):
    changed, is_told, charged, number = ATTEMPTED[case]
    found = failed_payments(dunned, changed, is_told=is_told, charged=charged)
    assert found.height == number
    if number:
        row = found.row(0, named=True)
        assert (row["mrr_at_risk_minor"], row["amount_minor"], row["teams"]) == (320000, 320000, ["Customer Success"])
        since = 21 if is_told else 20
        assert row["sentence"] == (
            f"Acme Corp: Stripe could not collect $3,200.00 of invoice ACME-99 since {since} October. $3,200.00/mo is at "
            "risk. Likely a card or an account to renew: reach the customer before the subscription stops."
        )


def test_a_failed_payment_alerts_before_there_is_a_gap(dunned):
    alerts = table(dunned, "alerts")
    assert alerts["kind"].to_list() == ["failed_payment"]


def test_a_further_attempt_is_no_news(dunned):
    tried = [failed_payments(dunned, {"attempt_count": times}, is_told=False, charged=None) for times in (1, 3)]
    seen = {one.select("alert_id", "content_sha256").row(0) for one in tried}
    assert len(seen) == 1


def test_a_subscription_that_ended_is_a_gap_and_no_failed_payment(dunned):
    ended = table(dunned, "subscriptions").with_columns(is_live=pl.lit(value=False))
    assert of(raised(dunned, subscriptions=ended).alerts, "failed_payment").is_empty()


def test_the_aggregate_alerts_over_its_limit(tmp_path):
    alerts = of(acme(tmp_path), "aggregate")
    assert alerts["teams"].to_list() == [["Finance"]]
    assert (
        alerts["sentence"]
        .item()
        .startswith(
            "All open gaps together: Salesforce and Stripe differ by $400.00/mo without netting, 12.5 % of total MRR; the "
            "policy lets 1 % pass ($32.00/mo)."
        )
    )
    lenient = acme(tmp_path / "b", policy={"materiality": {"aggregate_pct": 12.5}})
    assert of(lenient, "aggregate").is_empty()


def test_small_companies_alert_by_family(tmp_path):
    alerts = table(small_close(tmp_path), "alerts")
    gaps = of(alerts, "gap")
    assert sorted(gaps["family"]) == ["amount_mismatch", "orphaned_revenue"]
    assert gaps.filter(family="orphaned_revenue")["teams"].to_list() == [["RevOps"]]
    assert alerts["rank"].to_list() == list(range(1, alerts.height + 1))
    folder = tmp_path / "closes" / "2026-10-31"
    assert alerts.sort("alert_id").equals(table(folder, "alerts").sort("alert_id"))
    index = (folder / "html" / "index.html").read_text(encoding="utf-8")
    assert close.alert_text(alerts).split(":")[0] in index


def test_a_later_close_raises_the_same_alert_with_the_same_content(tmp_path):
    """Impact, age and the day move; none of them is news."""
    first = table(small_close(tmp_path), "alerts")
    later = table(small_close(tmp_path, as_of="2026-11-01"), "alerts")
    keys = ["alert_id", "content_sha256"]
    assert first.sort("alert_id").select(keys).equals(later.sort("alert_id").select(keys))
    assert not first.sort("alert_id")["amount_minor"].equals(later.sort("alert_id")["amount_minor"])


def test_another_amount_is_news(tmp_path):
    one, other = (of(acme(tmp_path / str(seats), seats=seats), "gap") for seats in (8, 9))
    assert one["alert_id"].item() == other["alert_id"].item()
    assert one["content_sha256"].item() != other["content_sha256"].item()


# what the policy routes, and whom an expansion reaches by which variable
ROUTES = [
    ({}, [("RevOps", "RECON_ALERT_REVOPS"), ("owner", "RECON_ALERT_OWNER")]),
    ({"expansion": {"Sales": "SALES_URL"}}, [("Sales", "SALES_URL")]),
    ({"amount_mismatch": {"Desk": "DESK_URL"}}, [("Desk", "DESK_URL")]),
    ({"gap": {"Desk": "DESK_URL"}, "expansion": {"Sales": "SALES_URL"}}, [("Sales", "SALES_URL")]),
    ({"Expansion": {}}, []),
    ({"orphan": {"Desk": "DESK_URL"}}, [("RevOps", "RECON_ALERT_REVOPS"), ("owner", "RECON_ALERT_OWNER")]),
    ({"default": {"All": "ALL_URL"}}, [("All", "ALL_URL")]),
]


def routed(cause, family=None, kind="gap", owner_team=None, routes=None):
    row = {"alert_id": "a", "cause": cause, "family": family, "kind": kind, "owner_team": owner_team}
    alerts = pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))
    return close.routes_of(alerts, build_policy({"routes": routes or {}})).select("team", "variable").rows()


@pytest.mark.parametrize(("routes", "expected"), ROUTES)
def test_routes_of_the_policy(routes, expected):
    assert routed("expansion", "amount_mismatch", owner_team="RevOps", routes=routes) == expected


USUAL = [
    ("failed_payment", None, "failed_payment", None, ["Customer Success"]),
    ("failed_payment", "phantom_revenue", "gap", "Customer Success", ["Customer Success"]),
    ("self_service_signup", "orphaned_revenue", "gap", "RevOps", ["RevOps"]),
    ("cancellation_not_in_crm", "phantom_revenue", "gap", "RevOps", ["owner"]),
    ("cancellation_not_in_billing", "billing_after_churn", "gap", "Billing", ["owner"]),
    ("handoff_missed", "missing_subscription", "gap", "Billing", ["Billing"]),
    ("unexplained", "amount_mismatch", "gap", "Finance", ["Finance"]),
    ("aggregate", None, "aggregate", None, ["Finance"]),
    ("straggler", None, "straggler", None, ["Finance"]),
    ("failed_extract", None, "failed_extract", None, ["operations"]),
]


@pytest.mark.parametrize(("cause", "family", "kind", "owner_team", "teams"), USUAL)
def test_the_usual_routes(cause, family, kind, owner_team, teams):
    assert [team for team, _ in routed(cause, family, kind, owner_team)] == teams


@pytest.mark.parametrize("name", ["orphan", "orphaned_revenue", "Orphan"])
def test_a_family_may_go_by_its_short_name(name):
    routes = {name: {"Desk": "DESK_URL"}}
    assert routed("merge_residue", "orphaned_revenue", routes=routes) == [("Desk", "DESK_URL")]


def test_a_route_that_nothing_takes_is_named():
    policy = build_policy({"routes": {"expanson": {"Desk": "DESK_URL"}, "phantom": {"Desk": "DESK_URL"}}})
    assert close.unknown_routes(policy) == ["expanson"]


def test_routing_knows_every_cause_and_every_team_that_gaps_name():
    gaps = pl.DataFrame({"cause": CAUSES, "cause_amount": [1] * len(CAUSES)})
    teams = with_verdict(gaps)["owner_team"].unique()
    assert close.unknown_routes(build_policy({"routes": {cause: {"Desk": "DESK_URL"} for cause in CAUSES}})) == []
    assert {variable_of(team) for team in teams} <= close.usual_variables()


@pytest.mark.parametrize(
    "routes", [{"expansion": {"RevOps": "slack://secret/token"}}, {"expansion": "slack://secret/t"}]
)
def test_an_address_in_the_policy_is_refused_and_not_told(routes):
    with pytest.raises(SettingsError) as refused:
        build_policy({"routes": routes})
    assert "routes" in str(refused.value)
    assert "secret" not in str(refused.value)


def quarantined(amount, currency="USD"):
    row = {
        "source": "stripe", "object": "invoices", "key": "in_x", "file": "invoices.jsonl", "line": 3, "field": "total",
        "value": "x", "rule": "total", "reason": "no number", "raw": None, "amount_minor": amount, "currency": currency,
    }  # fmt: skip
    return pl.DataFrame([row, row | {"rule": "another"}], schema=TABLES["quarantine"].empty().schema)


def raised(folder, previous=None, policy=None, as_of=AS_OF, **tables):
    """Alerts and unmatched records of a finished close, some of its tables exchanged."""

    def read(name):
        return tables[name].lazy() if name in tables else table(folder, name).lazy()

    return close.raise_alerts(read, previous, as_of=as_of, policy=policy or Policy())


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    return small_close(tmp_path_factory.mktemp("alerts"))


def gaps_like(folder, **columns):
    """The orphan of the close, changed."""
    return table(folder, "gaps").filter(family="orphaned_revenue").with_columns(**columns)


def in_review(folder):
    links = table(folder, "links")
    return links.with_columns(status=pl.lit("review"))


# monthly amount, days since; is it a straggler
LARGE = [("10,000.00", 2, False), ("10,000.01", 2, True), ("10,000.01", 1, False), ("10,000.01", 90, True)]


@pytest.mark.parametrize(("amount", "days", "is_one"), LARGE)
def test_a_straggler_is_over_its_amount_for_more_than_a_day(closed, amount, days, is_one):
    minor = int(amount.replace(",", "").replace(".", ""))
    since = AS_OF - dt.timedelta(days=days)
    gaps = gaps_like(closed, difference_minor=pl.lit(-minor), diverged_on=pl.lit(since))
    alerts = raised(closed, gaps=gaps, links=in_review(closed)).alerts
    found = of(alerts, "straggler")
    assert found.height == is_one
    if is_one:
        assert f"${amount}/mo stands alone since" in found["sentence"].item()
        waiting = of(alerts, "gap")
        assert waiting["waits_for_link"].to_list() == [True]
        assert waiting["sentence"].item().endswith("A link in review may settle this: decide that link first.")


def test_what_a_gap_alert_tells_is_no_straggler_besides(closed):
    gaps = gaps_like(closed, difference_minor=pl.lit(-2_000_000))
    alerts = raised(closed, gaps=gaps).alerts
    assert of(alerts, "straggler").is_empty()
    assert of(alerts, "gap").height == 1


@pytest.mark.parametrize(("amount", "currency", "is_one"), [
    (1_000_000, "USD", False), (1_000_001, "USD", True), (900_000, "EUR", True), (800_000, "EUR", False),
    (9_000_000, "KWD", False), (None, None, False),
])  # fmt: skip
def test_a_large_record_in_quarantine_is_a_straggler_once(closed, amount, currency, is_one):
    found = of(raised(closed, quarantine=quarantined(amount, currency)).alerts, "straggler")
    assert found.height == is_one
    if is_one:
        assert found["alert_id"].item() == "straggler:stripe/invoices/in_x"
        assert "could not be used (no number)" in found["sentence"].item()


@pytest.mark.parametrize(("limit", "is_one"), [(2, False), (1, True), (0, True)])
def test_too_many_unmatched(closed, limit, is_one):
    policy = build_policy({"daily_unmatched_limit": limit})
    found = of(raised(closed, quarantine=quarantined(5), policy=policy).alerts, "unmatched_count")
    assert found.height == is_one
    if is_one:
        said = f"2 records are unmatched, more than the {limit} of the policy: 1 billed and not sold, 1 in quarantine."
        assert found["sentence"].item().startswith(said)


# balances of closes before (newest last), the orphan's now; is it growing
GROWN = [
    ("100 200 300", "400", True),
    ("200 300", "400", False),
    ("100 300 300", "400", False),
    ("900 200 300", "400", False),
    ("100 200 300", "300", False),
    ("50 100 200 300", "400", True),
]


@pytest.mark.parametrize(("before", "now", "is_growing"), GROWN)
def test_a_balance_that_grows_three_runs_in_a_row(closed, before, now, is_growing):
    gaps = gaps_like(closed, difference_minor=pl.lit(-100 * int(now)))
    previous = None
    days = before.split()
    for back, amount in zip(range(len(days), 0, -1), days, strict=True):
        day = AS_OF - dt.timedelta(days=back)
        earlier = gaps_like(closed, difference_minor=pl.lit(-100 * int(amount)))
        previous = raised(closed, previous, gaps=earlier, as_of=day).unmatched
    result = raised(closed, previous, gaps=gaps)
    found = of(result.alerts, "unmatched_growth")
    assert found.height == is_growing
    assert result.unmatched["as_of"].n_unique() == min(len(days) + 1, 4)
    if is_growing:
        assert (
            "grew three runs in a row, from $100.00 on 28 October to $400.00 on 31 October" in found["sentence"].item()
        )


@pytest.mark.soak
def test_the_next_close_carries_the_balances_on(tmp_path):
    for day in ("2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03"):
        folder = small_close(tmp_path, as_of=day, previous="latest")
    kept = table(folder, "unmatched")
    assert sorted({str(day) for day in kept["as_of"]}) == ["2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03"]


def dead_letters(*rows):
    columns = ["source", "object", "shard", "attempts", "error", "exposed_minor", "currency"]
    schema = TABLES["dead_letter"].empty().schema
    return pl.DataFrame([dict(zip(columns, row, strict=True)) for row in rows], schema=schema)


def test_a_part_that_was_not_pulled_alerts_operations(closed):
    parts = dead_letters(
        ("stripe", "invoices", "2026-03", 8, "HTTP 500", 120_000, "USD"),
        ("stripe", "invoices", "2026-03", 8, "HTTP 500", 5_000, "EUR"),
        ("salesforce", "Account", "all", 8, "HTTP 503", None, None),
    )
    found = of(raised(closed, dead_letter=parts).alerts, "failed_extract")
    assert found["alert_id"].to_list() == [
        "failed_extract:salesforce/Account all",
        "failed_extract:stripe/invoices 2026-03",
    ]
    assert found["teams"].to_list() == [["operations"]] * 2
    assert "could not be pulled after 8 tries (HTTP 500); it held €50.00, $1,200.00 before" in found["sentence"][1]


def test_a_part_that_fails_for_another_day_is_news(closed):
    parts = dead_letters(("stripe", "invoices", "2026-03", 8, "HTTP 500", None, None))
    today, again, tomorrow = (
        close.alerts_of_stopped("x", parts, as_of=day, policy=Policy())["content_sha256"].item()
        for day in (AS_OF, AS_OF, AS_OF + dt.timedelta(days=1))
    )
    assert (today == again, today == tomorrow) == (True, False)


def test_a_close_that_stopped_without_naming_a_part():
    alert = close.alerts_of_stopped("no key is set", dead_letters(), as_of=AS_OF, policy=Policy()).row(0, named=True)
    assert alert["alert_id"] == "failed_extract:close"
    assert alert["sentence"].startswith(
        "The close of 31 October 2026 stopped while it read its inputs: no key is set. "
    )
