"""A session at Salesforce: logged in, with time-outs on every request, and renewed when the org ends it."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from jwt import PyJWTError
from simple_salesforce.api import Salesforce
from simple_salesforce.util import call_salesforce

from recon_kit.extract.salesforce_api.credentials import BASE_URL, PRIVATE_KEY_FILE, credentials
from recon_kit.extract.salesforce_api.faults import TornAnswer
from recon_kit.extract.timed_adapter import TimedAdapter, checked_address
from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recon_kit.extract.pulling.retrying import Patience
    from recon_kit.extract.salesforce_api.credentials import Credentials

LOG = logging.getLogger("recon_kit.extract")


class Session:
    """Salesforce as one integration user sees it.

    Made without contacting anybody; the first request logs in. One thread uses it.

    Args:
        environment: holds the credentials and, perhaps, the address to redirect to.
        patience: how long a request may take.
    """

    def __init__(self, environment: Mapping[str, str], patience: Patience) -> None:
        self._credentials = credentials(environment)
        self._adapter = TimedAdapter(patience.time_outs, checked_address(environment.get(BASE_URL), BASE_URL))
        self._transport = requests.Session()
        self._transport.mount("https://", self._adapter)
        self._transport.auth = _as_it_is  # or a login in a .netrc file would take the token's place
        self._client: Salesforce | None = None
        self.logins = 0

    @property
    def credentials(self) -> Credentials:
        """How it logs in."""
        return self._credentials

    @property
    def sent(self) -> int:
        """How many requests were sent."""
        return self._adapter.requests

    @property
    def org(self) -> str:
        """The org's host, without a port: what tells it from another one."""
        return str(self.client.sf_instance).partition(":")[0]

    @property
    def is_sandbox(self) -> bool:
        """Whether the org's domain is a sandbox's."""
        asked = self._credentials.arguments
        domains = (self.org, asked.get("domain", ""), asked.get("instance_url", ""))
        return any(domain == "test" or ".sandbox" in domain for domain in domains)

    @property
    def server_time(self) -> int | None:
        """Salesforce's clock at its newest answer, in seconds since 1970; none where it said nothing."""
        try:
            return int(parsedate_to_datetime(self._adapter.dated or "").timestamp())
        except ValueError:
            return None

    @property
    def api_version(self) -> str:
        """Such as ``65.0``."""
        return self._credentials.api_version

    def log_in(self) -> Salesforce:
        """Log in, again if it was before.

        Raises:
            SalesforceAuthenticationFailed: Salesforce refuses, or cannot at this moment.
            SettingsError: the private key is none.
            TornAnswer: no usable answer; worth another try.
            requests.RequestException: no connection; worth another try.
        """
        try:
            with _understood(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the library's advice quotes the client id
                beside = {"session": self._transport, "parse_float": Decimal, "object_pairs_hook": dict}
                given: dict[str, Any] = {**self._credentials.arguments, **beside}
                self._client = Salesforce(version=self.api_version, **given)
        except PyJWTError:
            raise SettingsError(
                f"The file that {PRIVATE_KEY_FILE} names holds no usable private key. It must be an RSA key in PEM "
                "form without a password."
            ) from None
        self.logins += 1
        LOG.info("salesforce: logged in by %s, API version %s", self._credentials.way, self.api_version)
        return self._client

    @property
    def known_client(self) -> Salesforce | None:
        """The library's client if it has logged in."""
        return self._client

    @property
    def client(self) -> Salesforce:
        """The library's client, logged in."""
        return self._client or self.log_in()

    def get(self, path: str, **params: object) -> Any:  # noqa: ANN401  (JSON is what the API says)
        """Ask for JSON below ``/services/data/vXX.X/``; the library renews a session that has ended."""
        with _understood():
            return self.client.restful(path, params=params or None)

    def post(self, path: str, content: Mapping[str, object]) -> Any:  # noqa: ANN401
        """Send JSON, such as a Bulk query job."""
        with _understood():
            return self.client.restful(path, method="POST", json=dict(content))

    def query(self, soql: str, *, batch_size: int | None = None) -> Any:  # noqa: ANN401
        """Send a query that also sees deleted and merged rows."""
        headers = {"Sforce-Query-Options": f"batchSize={batch_size}"} if batch_size else {}
        with _understood():
            return self.client.query(soql, include_deleted=True, headers=headers)

    def query_more(self, url: str) -> Any:  # noqa: ANN401
        """Fetch the page that an earlier one named."""
        with _understood():
            return self.client.query_more(url, identifier_is_url=True)

    def count(self, condition: str) -> int:
        """Ask how many live rows there are: ``Account``, or ``Account WHERE …``."""
        with _understood():
            return int(self.client.query(f"SELECT COUNT() FROM {condition}")["totalSize"])  # noqa: S608

    def csv_page(self, job: str, locator: str | None, max_records: int) -> requests.Response:
        """Fetch a page of a finished Bulk job.

        Raises:
            SalesforceExpiredSession: the session has ended; here the library does not renew it.
        """
        client = self.client
        params: dict[str, object] = {"maxRecords": max_records} | ({"locator": locator} if locator else {})
        headers = {**client.headers, "Accept": "text/csv"}
        url = f"{client.bulk2_url}query/{quote(job, safe='')}/results"
        answer: requests.Response = call_salesforce(url, "GET", client.session, headers, params=params)
        return answer

    def versions(self) -> list[str]:
        """List the API versions that the org knows."""
        client = self.client
        url = f"https://{client.sf_instance}/services/data/"
        with _understood():
            told = call_salesforce(url, "GET", client.session, dict(client.headers)).json()
            return [str(version["version"]) for version in told]


@contextmanager
def _understood() -> Iterator[None]:
    """Turn what the library stumbles over in an answer that is none of the API's into a fault worth another try."""
    try:
        yield
    except (TypeError, AttributeError, LookupError) as fault:
        raise TornAnswer(f"the answer lacks what every answer has ({type(fault).__name__})") from fault


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
