"""The unmodified Stripe SDK against the loopback server."""

import gzip
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import stripe

from tests.loopback import stripe_server
from tests.loopback.company import write_as_served
from tests.loopback.conftest import KEY, raw
from tests.loopback.stripe_catalogue import LISTS


def listed(client, path, **parameters):
    """All objects of a list, page by page."""
    rows, after = [], {}
    while True:
        page = json.loads(client.raw_request("get", path, limit=100, **parameters, **after).body)
        rows += page["data"]
        if not page["has_more"]:
            return rows
        after = {"starting_after": page["data"][-1]["id"]}


def with_every_item(client, row):
    """A subscription whose items are listed when it does not hold them all."""
    if row["object"] == "subscription" and row["items"]["has_more"]:
        row["items"] |= {"data": listed(client, "/v1/subscription_items", subscription=row["id"]), "has_more": False}
    return row


def write_raw(folder: Path, **lists: list[dict]) -> Path:
    """A raw folder by hand."""
    (folder / "stripe").mkdir(parents=True)
    for name, rows in lists.items():
        text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
        (folder / "stripe" / f"{name}.jsonl").write_text(text, "utf-8")
    return folder


def customers(*created: int) -> list[dict]:
    return [
        {
            "id": f"cus_{number:03d}",
            "object": "customer",
            "created": at,
            "livemode": True,
            "email": f"{number}@a.example",
        }
        for number, at in enumerate(created)
    ]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A server with five customers."""
    with stripe_server(
        write_raw(tmp_path_factory.mktemp("small") / "raw", customers=customers(10, 20, 20, 30, 40))
    ) as url:
        yield url


EXPANDED = {"subscriptions": ["data.discounts"], "prices": ["data.tiers"], "coupons": ["data.applies_to"]}


@pytest.mark.parametrize("is_pretty", [True, False])
def test_every_list_gives_the_raw_objects_once_and_newest_first(company, stripe_client, is_pretty):
    with stripe_server(company, pretty=is_pretty) as url:
        client = stripe_client(url)
        for name in LISTS:
            more = {"status": "all"} if name == "subscriptions" else {}
            if name in EXPANDED:
                more["expand"] = EXPANDED[name]
            rows = [with_every_item(client, row) for row in listed(client, f"/v1/{name}", **more)]
            assert rows == sorted(raw(company, name), key=lambda row: (-row["created"], row["id"])), name
            assert rows or name == "credit_notes", name
        assert json.loads(client.raw_request("get", "/v1/balance").body) == raw(company, "balance")[0]


def test_auto_paging_meets_every_customer(company, stripe_client):
    with stripe_server(company) as url:
        found = [one.id for one in stripe_client(url).v1.customers.list({"limit": 100}).auto_paging_iter()]
        assert sorted(found) == sorted(row["id"] for row in raw(company, "customers"))
        assert len(found) == len(set(found)) > 100
        assert url.counters()["requests"]["customers"] == -(-len(found) // 100)


def test_the_default_page_has_ten_objects_and_ending_before_goes_back(company, stripe_client):
    with stripe_server(company) as url:
        client = stripe_client(url)
        rows = listed(client, "/v1/customers")
        first = client.raw_request("get", "/v1/customers").data
        assert [row["id"] for row in first["data"]] == [row["id"] for row in rows[:10]]
        assert first["has_more"] is True
        assert first["url"] == "/v1/customers"
        back = client.raw_request("get", "/v1/customers", limit=5, ending_before=rows[20]["id"]).data
        assert [row["id"] for row in back["data"]] == [row["id"] for row in rows[15:20]]
        assert back["has_more"] is True


@pytest.mark.parametrize(
    ("bounds", "kept"),
    [
        ({"gte": 20}, [4, 3, 1, 2]),
        ({"gt": 20}, [4, 3]),
        ({"lt": 20}, [0]),
        ({"lte": 20}, [1, 2, 0]),
        ({"gte": 20, "lt": 30}, [1, 2]),
        ({"gt": 10, "lte": 30}, [3, 1, 2]),
        ({"gte": 41}, []),
        (20, [1, 2]),
    ],
)
def test_created_bounds_hold_to_the_second(small, stripe_client, bounds, kept):
    rows = listed(stripe_client(small), "/v1/customers", created=bounds)
    assert [row["id"] for row in rows] == [f"cus_{number:03d}" for number in kept]


def test_canceled_subscriptions_are_listed_only_when_asked_for(company, stripe_client):
    rows = raw(company, "subscriptions")
    canceled = {row["id"] for row in rows if row["status"] == "canceled"}
    assert canceled
    with stripe_server(company) as url:
        client = stripe_client(url)
        assert {row["id"] for row in listed(client, "/v1/subscriptions")} == {row["id"] for row in rows} - canceled
        assert {row["id"] for row in listed(client, "/v1/subscriptions", status="canceled")} == canceled
        customer = rows[0]["customer"]
        own = listed(client, "/v1/subscriptions", status="all", customer=customer)
        assert {row["id"] for row in own} == {row["id"] for row in rows if row["customer"] == customer}
        with pytest.raises(stripe.InvalidRequestError, match="Invalid status"):
            listed(client, "/v1/subscriptions", status="gone")


def test_references_are_ids_unless_expanded(company, stripe_client):
    own = next(row for row in raw(company, "subscriptions") if row["discounts"])
    with stripe_server(company) as url:
        client = stripe_client(url)
        plain = client.raw_request("get", f"/v1/subscriptions/{own['id']}").data
        assert plain["discounts"] == [found["id"] for found in own["discounts"]]
        assert plain["customer"] == own["customer"]
        whole = client.raw_request(
            "get", f"/v1/subscriptions/{own['id']}", expand=["discounts.source.coupon", "customer"]
        ).data
        assert whole["discounts"][0]["source"]["coupon"]["object"] == "coupon"
        assert whole["customer"]["id"] == own["customer"]
        invoice = next(row for row in raw(company, "invoices") if row["discounts"])
        shown = client.raw_request("get", f"/v1/invoices/{invoice['id']}", expand=["discounts"]).data
        assert [found["id"] for found in shown["discounts"]] == invoice["discounts"]


def test_tiers_are_shown_only_when_expanded(company, stripe_client):
    with stripe_server(company) as url:
        client = stripe_client(url)
        assert not any("tiers" in row for row in listed(client, "/v1/prices"))
        assert any(row.get("tiers") for row in listed(client, "/v1/prices", expand=["data.tiers"]))


def refusals():
    deep = "data.items.data.price.tiers"
    return [
        (
            "/v1/subscriptions",
            {"expand": [deep]},
            f"You cannot expand more than 4 levels of a property. Property: {deep}",
            "expand",
        ),
        ("/v1/customers", {"expand": ["data.nothing"]}, r"This property cannot be expanded \(data.nothing\)", "expand"),
        ("/v1/customers", {"expand": ["discount"]}, "expanding 'data.discount'", "expand"),
        ("/v1/customers", {"colour": "red"}, "Received unknown parameter: colour", "colour"),
        ("/v1/customers", {"created": {"since": 1}}, r"Received unknown parameter: created\[since\]", "created[since]"),
        ("/v1/customers", {"limit": 101}, "less than or equal to 100", "limit"),
        ("/v1/customers", {"limit": 0}, "greater than or equal to 1", "limit"),
        ("/v1/customers", {"limit": "ten"}, "Invalid integer: ten", "limit"),
        ("/v1/customers", {"starting_after": "cus_none"}, "No such customer: 'cus_none'", "starting_after"),
        ("/v1/customers/cus_none", {}, "No such customer: 'cus_none'", "id"),
        ("/v1/subscription_items", {}, "Missing required param: subscription", "subscription"),
        ("/v1/nothing", {}, "Unrecognized request URL", None),
    ]


@pytest.mark.parametrize(("path", "parameters", "message", "param"), refusals())
def test_what_stripe_refuses_is_refused_in_its_words(small, stripe_client, path, parameters, message, param):
    with pytest.raises(stripe.InvalidRequestError, match=message) as caught:
        stripe_client(small).raw_request("get", path, **parameters)
    assert caught.value.param == param
    assert caught.value.http_status == (404 if "none" in path or "nothing" in path else 400)


def test_keys_permissions_modes_and_versions(company, stripe_client):
    keys = {
        KEY: {"without": ["rak_charge_read"]},
        "sk_live_51Whole": {"without": ["rak_charge_read"]},
        "rk_live_51Expired": {"status": "expired"},
        "rk_test_51Test": {},
    }
    with stripe_server(company, keys=keys) as url:
        with pytest.raises(stripe.PermissionError) as caught:
            stripe_client(url).raw_request("get", "/v1/charges")
        assert "The provided key 'rk_live_" in str(caught.value)
        assert "Having the 'rak_charge_read' permission would allow this request to continue." in str(caught.value)
        assert KEY not in str(caught.value)
        assert caught.value.http_status == 403
        assert stripe_client(url, "sk_live_51Whole").raw_request("get", "/v1/charges").data["data"]
        with pytest.raises(stripe.AuthenticationError, match="Expired API Key provided: rk_live_"):
            stripe_client(url, "rk_live_51Expired").raw_request("get", "/v1/charges")
        with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided"):
            stripe_client(url, "rk_live_51Unknown").raw_request("get", "/v1/charges")
        tested = listed(stripe_client(url, "rk_test_51Test"), "/v1/customers")
        assert all(row["livemode"] is False for row in tested)
        assert all(row["livemode"] is True for row in listed(stripe_client(url), "/v1/customers"))
        with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version: 2031-01-01"):
            stripe_client(url, stripe_version="2031-01-01").raw_request("get", "/v1/customers")
        assert stripe_client(url).raw_request("get", "/v1/customers").headers["Request-Id"].startswith("req_")
        url.control("without", ["rak_customer_read"])
        with pytest.raises(stripe.PermissionError, match="rak_customer_read"):
            stripe_client(url).raw_request("get", "/v1/customers")


def line(number: int) -> dict:
    return {
        "id": f"il_{number:03d}",
        "object": "line_item",
        "amount": number,
        "invoice": "in_1",
        "livemode": True,
        "discounts": [],
    }


def test_embedded_lists_are_cut_at_ten_and_paged(tmp_path, stripe_client):
    lines = {
        "object": "list",
        "data": [line(number) for number in range(25)],
        "has_more": False,
        "total_count": 25,
        "url": "/v1/invoices/in_1/lines",
    }
    items = [
        {"id": f"si_{number:02d}", "object": "subscription_item", "subscription": "sub_1", "padding": "x" * 500}
        for number in range(12)
    ]
    folder = write_raw(
        tmp_path / "raw",
        invoices=[
            {"id": "in_1", "object": "invoice", "created": 5, "livemode": True, "memo": "x" * 5000, "lines": lines}
        ],
        invoice_lines=[line(number) for number in range(25, 130)],
        subscriptions=[
            {
                "id": "sub_1",
                "object": "subscription",
                "created": 5,
                "livemode": True,
                "status": "active",
                "items": {"object": "list", "data": items, "has_more": False, "url": "/v1/subscription_items"},
            }
        ],
    )
    with stripe_server(folder) as url:
        client = stripe_client(url)
        held = client.raw_request("get", "/v1/invoices").data["data"][0]["lines"]
        assert [row["id"] for row in held["data"]] == [f"il_{number:03d}" for number in range(10)]
        assert held["has_more"] is True
        assert "total_count" not in held
        rest = client.raw_request("get", "/v1/invoices/in_1/lines", limit=100, starting_after="il_009").data
        assert [row["id"] for row in rest["data"]] == [f"il_{number:03d}" for number in range(10, 110)]
        assert rest["has_more"] is True
        own = client.raw_request("get", "/v1/subscriptions").data["data"][0]["items"]
        assert own["has_more"] is True
        assert len(own["data"]) == 10
        every = client.raw_request("get", "/v1/subscription_items", subscription="sub_1", limit=100).data
        assert [row["id"] for row in every["data"]] == [row["id"] for row in items]


def test_balance_transactions_of_a_payout_and_not_of_a_manual_one(company, stripe_client):
    pairs = [
        json.loads(text) for text in (company / "stripe/payout_balance_transactions.jsonl").read_text().splitlines()
    ]
    payout = pairs[0]["payout"]
    with stripe_server(company) as url:
        client = stripe_client(url)
        rows = listed(client, "/v1/balance_transactions", payout=payout)
        assert {row["id"] for row in rows} == {
            pair["balance_transaction"] for pair in pairs if pair["payout"] == payout
        }
        assert [row["created"] for row in rows] == sorted((row["created"] for row in rows), reverse=True)
        manual = {
            "id": "po_manual",
            "object": "payout",
            "livemode": True,
            "automatic": False,
            "created": 9,
            "status": "paid",
        }
        url.change({"op": "add", "list": "payouts", "object": manual})
        with pytest.raises(stripe.InvalidRequestError, match="can only be filtered on automatic transfers, not manual"):
            listed(client, "/v1/balance_transactions", payout="po_manual")
        assert url.counters()["requests"]["balance_transactions?payout"] == 2


def test_changes_leave_events_and_deleted_objects_say_so(company, stripe_client, tmp_path):
    own, gone = raw(company, "customers")[0]["id"], raw(company, "customers")[1]["id"]
    operations = [
        {"op": "update", "list": "customers", "id": own, "set": {"name": "Renamed"}, "at": 1_800_000_000},
        {"op": "delete", "list": "customers", "id": gone, "at": 1_800_000_001},
        {
            "op": "add",
            "list": "charges",
            "object": {"id": "ch_new", "livemode": True, "amount": 7},
            "at": 1_800_000_002,
        },
    ]
    with stripe_server(company) as url:
        client = stripe_client(url)
        url.change(*operations)
        assert client.raw_request("get", f"/v1/customers/{own}").data["name"] == "Renamed"
        assert client.raw_request("get", f"/v1/customers/{gone}").data == {
            "id": gone,
            "object": "customer",
            "deleted": True,
        }
        assert gone not in {row["id"] for row in listed(client, "/v1/customers")}
        told = listed(client, "/v1/events", created={"gte": 1_800_000_000})
        assert [(event["type"], event["data"]["object"]["id"]) for event in told] == [
            ("charge.created", "ch_new"),
            ("customer.deleted", gone),
            ("customer.updated", own),
        ]
        assert "previous_attributes" in told[2]["data"]
        assert listed(client, "/v1/events", types=["customer.deleted"])[0]["id"] == told[1]["id"]
        write_as_served(company, tmp_path / "after", stripe=operations)
        assert listed(client, "/v1/charges") == raw(tmp_path / "after", "charges")
        assert listed(client, "/v1/events") == raw(tmp_path / "after", "events")


def status(client) -> int:
    """How a list is answered."""
    try:
        return client.raw_request("get", "/v1/customers").code
    except stripe.RateLimitError as error:
        return error.http_status


def test_too_many_requests_are_refused_and_counted(company, stripe_client):
    with stripe_server(company, rate=0.01, burst=5, retry_after=1) as url:
        client = stripe_client(url)
        answers = [status(client) for _ in range(10)]
        assert answers[:5] == [200] * 5
        assert url.counters()["rate_limited"] == answers.count(429) > 0
        with pytest.raises(stripe.RateLimitError) as caught:
            client.raw_request("get", "/v1/customers")
        assert caught.value.json_body["error"]["code"] == "rate_limit"
        assert caught.value.headers["Stripe-Rate-Limited-Reason"] == "global-rate"


def test_too_many_at_once_are_refused(company, stripe_client):
    with stripe_server(company, concurrency=3, latency=0.5) as url:
        clients = [stripe_client(url) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(status, clients))
        assert answers.count(200) >= 3
        assert answers.count(429) >= 1
        assert url.counters()["largest_concurrency"] > 3


def test_latency_delays_each_and_requests_overlap(company, stripe_client):
    with stripe_server(company, latency=0.2) as url:
        stripe_client(url).raw_request("get", "/v1/customers")
        clients = [stripe_client(url) for _ in range(10)]
        began = time.monotonic()
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda client: client.raw_request("get", "/v1/customers"), clients))
        assert 0.2 <= time.monotonic() - began < 1.6
        assert url.counters()["largest_concurrency"] > 1


def test_old_events_are_gone_when_asked_for(tmp_path, stripe_client):
    now = int(time.time())
    events = [
        {
            "id": f"evt_{days}",
            "object": "event",
            "created": now - days * 86_400,
            "livemode": True,
            "type": "a.b",
            "data": {},
        }
        for days in (1, 29, 31)
    ]
    with stripe_server(write_raw(tmp_path / "raw", events=events), events_days=30) as url:
        client = stripe_client(url)
        assert [row["id"] for row in listed(client, "/v1/events")] == ["evt_1", "evt_29"]
        with pytest.raises(stripe.InvalidRequestError, match="No such event"):
            client.raw_request("get", "/v1/events/evt_31")


def test_a_raw_file_may_be_compressed_spaced_and_without_a_last_line_end(tmp_path, stripe_client):
    discount = {"id": "di_1", "object": "discount", "source": {"type": "coupon", "coupon": "SPRING"}}
    rows = [
        {
            "id": f"sub_{number}",
            "object": "subscription",
            "created": number,
            "livemode": True,
            "status": "active",
            "note": "a: b",
            "discounts": [discount],
        }
        for number in range(3)
    ]
    folder = write_raw(tmp_path / "raw")
    (folder / "stripe/subscriptions.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    with stripe_server(folder, pretty=False) as url:
        client = stripe_client(url)
        assert [row["discounts"] for row in listed(client, "/v1/subscriptions")] == [["di_1"]] * 3
        assert listed(client, "/v1/subscriptions", expand=["data.discounts"]) == rows[::-1]
