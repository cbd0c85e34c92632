"""A company, and the two SDKs as they are, turned to the loopback servers."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
import stripe
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce

from tests.loopback import Running
from tests.world.__main__ import main as write_world

KEY = "rk_live_51LoopbackKey0001"


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw folder with more than a page of most objects."""
    folder = tmp_path_factory.mktemp("company")
    write_world(["--out", str(folder), "--accounts", "160", "--plain", "--shape", "new", "--seed", "6"])
    return folder


@pytest.fixture
def stripe_client() -> Iterator[Callable[..., stripe.StripeClient]]:
    """Makes clients of the unmodified SDK; closes their connections."""
    with ExitStack() as stack:

        def make(url: str, key: str = KEY, timeout: float = 10, **options: object) -> stripe.StripeClient:
            transport = stripe.RequestsClient(timeout=timeout)
            stack.callback(transport.close)
            return stripe.StripeClient(
                key, base_addresses={"api": url}, http_client=transport, max_network_retries=0, **options
            )

        yield make


class Redirect(HTTPAdapter):
    """Sends what is meant for Salesforce to loopback: the library knows https only."""

    def __init__(self, url: Running) -> None:
        super().__init__()
        self.to = urlsplit(url)

    def send(self, request, **options):
        asked = urlsplit(request.url)
        request.url = urlunsplit((self.to.scheme, self.to.netloc, asked.path, asked.query, ""))
        return super().send(request, **options)


@pytest.fixture
def salesforce() -> Iterator[Callable[..., Salesforce]]:
    """Logs in with the unmodified library; closes its connections."""
    with ExitStack() as stack:

        def connect(url: Running, **options: object) -> Salesforce:
            session = stack.enter_context(requests.Session())
            session.trust_env = False
            session.mount("https://", Redirect(url))
            named = {"consumer_key": "id", "consumer_secret": "secret", "domain": "acme.my"}
            chosen = options if "consumer_key" in options or "username" in options else named | options
            return Salesforce(**({"version": "65.0"} | chosen), session=session)

        yield connect


def raw(folder: Path, name: str) -> list[dict]:
    """Objects of a raw Stripe file as they are listed: live ones, embedded lists without their count."""
    rows = [json.loads(line) for line in (folder / "stripe" / f"{name}.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        row.get("lines", {}).pop("total_count", None)
    return [row for row in rows if row.get("livemode", True)]
