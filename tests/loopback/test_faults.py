"""Every kind of fault, as the unmodified SDKs meet it; the request after it is answered again."""

import subprocess
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError

import pytest
import requests
import stripe
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceGeneralError, SalesforceRefusedRequest

from tests.loopback import salesforce_server, stripe_server
from tests.loopback.conftest import KEY
from tests.loopback.faults import KINDS, SALESFORCE_KINDS, STRIPE_KINDS, FaultSchedule, seeded_faults

STRIPE_FAULTS = {
    "500": stripe.APIError,
    "503": stripe.APIError,
    "html_200": stripe.APIError,
    "html_502": stripe.APIError,
    "empty_200": stripe.APIError,
    "reset": stripe.APIConnectionError,
    "reset_in_body": stripe.APIConnectionError,
    "torn": stripe.APIConnectionError,
    "torn_chunk": stripe.APIConnectionError,
    "hang": stripe.APIConnectionError,
    "429": stripe.RateLimitError,
    "429_retry_after": stripe.RateLimitError,
    "401": stripe.AuthenticationError,
    "403": stripe.PermissionError,
}
BROKEN_CONNECTION = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, requests.Timeout)
SALESFORCE_FAULTS = {
    "500": SalesforceGeneralError,
    "503": SalesforceGeneralError,
    "html_200": ValueError,
    "html_502": SalesforceGeneralError,
    "empty_200": ValueError,
    "reset": BROKEN_CONNECTION,
    "reset_in_body": BROKEN_CONNECTION,
    "torn": BROKEN_CONNECTION,
    "torn_chunk": BROKEN_CONNECTION,
    "hang": BROKEN_CONNECTION,
    "403": SalesforceRefusedRequest,
    "limit_exceeded": SalesforceRefusedRequest,
}
JOB_KINDS = {"job_failed", "job_aborted", "job_expired"}  # see test_salesforce_server
SLOW_KINDS = {"slow", "late"}


@pytest.fixture(scope="module")
def billing(company):
    with stripe_server(company) as url:
        yield url


@pytest.fixture(scope="module")
def org(company):
    with salesforce_server(company) as url:
        yield url


def test_every_kind_is_tried_below():
    assert set(STRIPE_FAULTS) | SLOW_KINDS == set(STRIPE_KINDS)
    assert set(SALESFORCE_FAULTS) | SLOW_KINDS | JOB_KINDS | {"401", "session_expired"} == set(SALESFORCE_KINDS)


@pytest.mark.parametrize(("kind", "error"), STRIPE_FAULTS.items())
def test_a_stripe_request_breaks_and_the_next_one_does_not(billing, stripe_client, kind, error):
    client = stripe_client(billing, timeout=0.5 if kind == "hang" else 10)
    billing.plan_faults([{"kind": kind, "subject": "customers", "at": 2, "times": 1}])
    whole = client.raw_request("get", "/v1/customers").data
    client.raw_request("get", "/v1/charges")
    with pytest.raises(error) as caught:
        client.raw_request("get", "/v1/customers")
    assert client.raw_request("get", "/v1/customers").data == whole
    assert billing.counters()["faults_left"] == 0
    if kind == "429_retry_after":
        assert float(caught.value.headers["Retry-After"]) > 0
    if kind in ("401", "403"):
        assert KEY not in str(caught.value)


@pytest.mark.parametrize(("kind", "error"), SALESFORCE_FAULTS.items())
def test_a_salesforce_request_breaks_and_the_next_one_does_not(org, salesforce, kind, error):
    client = salesforce(org)
    org.plan_faults([{"kind": kind, "subject": "query:Account", "at": 2}])
    query = "SELECT Id, Name FROM Account ORDER BY Id"
    whole = client.query(query)["records"]
    with pytest.raises(error):
        client.query(query, timeout=0.5 if kind == "hang" else 10)
    assert client.query(query)["records"] == whole
    assert org.counters()["faults"][kind] >= 1


def test_a_session_that_expires_is_renewed_by_the_library(org, salesforce):
    client = salesforce(org)
    org.reset()
    org.plan_faults([{"kind": "session_expired", "subject": "query:Account"}])
    assert client.query("SELECT Id FROM Account")["records"]
    assert org.counters()["requests"]["token"] == 1
    org.plan_faults([{"kind": "401", "subject": "query:Account", "times": None}])
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT Id FROM Account")


@pytest.mark.parametrize("kind", ["slow", "late"])
def test_a_slow_answer_is_whole(billing, stripe_client, kind):
    billing.plan_faults([{"kind": kind, "subject": "customers", "seconds": 0.4}])
    began = time.monotonic()
    rows = stripe_client(billing).raw_request("get", "/v1/customers", limit=100).data["data"]
    assert time.monotonic() - began >= 0.4
    assert len(rows) == 100


def test_a_lasting_fault_lasts_and_hits_its_subject_only(billing, stripe_client):
    client = stripe_client(billing)
    billing.plan_faults([{"kind": "503", "subject": "ch*", "at": 3, "times": None}])
    answers = []
    for _ in range(6):
        try:
            answers.append(client.raw_request("get", "/v1/charges").code)
        except stripe.APIError as error:
            answers.append(error.http_status)
        assert client.raw_request("get", "/v1/customers").code == 200
    assert answers == [200, 200, 503, 503, 503, 503]


def test_the_clock_can_be_wrong(billing, stripe_client):
    try:
        billing.control("skew", 7200)
        told = parsedate_to_datetime(stripe_client(billing).raw_request("get", "/v1/customers").headers["Date"])
        assert timedelta(minutes=115) < told - datetime.now(UTC) < timedelta(minutes=125)
        billing.change({"op": "add", "list": "refunds", "object": {"id": "re_future", "livemode": True}})
        newest = stripe_client(billing).raw_request("get", "/v1/refunds").data["data"][0]
        assert newest["id"] == "re_future"
        assert newest["created"] > time.time() + 7000
    finally:
        billing.control("skew", 0)


def test_a_schedule_follows_from_its_seed():
    subjects = ["customers", "invoices"]
    one, same, other = (seeded_faults(seed, subjects, STRIPE_KINDS, count=8) for seed in (1, 1, 2))
    assert one == same != other
    assert FaultSchedule(one).left() == 8
    drawn = {line["kind"] for seed in range(200) for line in seeded_faults(seed, subjects, STRIPE_KINDS)}
    assert drawn == set(STRIPE_KINDS)


@pytest.mark.parametrize("line", [{"kind": "fire"}, {"kind": "500", "object": "customers"}])
def test_a_fault_that_is_not_known_is_refused(billing, line):
    with pytest.raises(ValueError, match="is no fault"):
        FaultSchedule([line])
    with pytest.raises(HTTPError) as caught:
        billing.plan_faults([line])
    assert caught.value.code == 400
    caught.value.close()
    assert line["kind"] not in KINDS or "object" in line


def test_the_server_ends_with_the_block(company):
    with stripe_server(company) as url:
        assert url.counters()["total"] == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/v1/customers", timeout=2)


def test_options_are_not_among_the_arguments_of_the_process(company):
    with stripe_server(company, keys={"sk_live_canary": {}}):
        shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert "tests.loopback.stripe_server" in shown
        assert "canary" not in shown
