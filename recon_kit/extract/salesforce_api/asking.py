"""Asking Salesforce: tries again what may pass, logs in again when the session has ended, stops where nothing helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from recon_kit.extract.pulling.faults import PullStopped, TryAgain, without_secrets
from recon_kit.extract.pulling.retrying import with_retries
from recon_kit.extract.salesforce_api.credentials import RETIRED, TOKEN, WAYS
from recon_kit.extract.salesforce_api.faults import Means, TornAnswer, meaning, words_of
from recon_kit.extract.salesforce_api.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from recon_kit.extract.pulling.retrying import Patience

T = TypeVar("T")
_STUMBLES = (requests.RequestException, TornAnswer)


class Asking:
    """A session that does not give up at the first fault.

    Args:
        environment: credentials; their values are kept out of every message.
        patience: time-outs and tries.

    Attributes:
        retries: requests that were made again.
        rate_limited: answers that refused a request as one too many.
        remarks: what the reader of the record should know besides.
    """

    def __init__(self, environment: Mapping[str, str], patience: Patience) -> None:
        self.session = Session(environment, patience)
        self.patience = patience
        self._environment = environment
        self.retries = 0
        self.rate_limited = 0
        self.remarks = [RETIRED] if self.session.credentials.way == TOKEN else []

    def ask(self, call: Callable[[Session], T]) -> T:
        """Make a request, as often as it takes.

        Raises:
            TriesExhausted: the last try failed, too.
            PullStopped: no request would succeed; says what to do.
            SalesforceError: Salesforce refuses this request; another may succeed.
        """
        return with_retries(lambda: self._once(call), self.patience, on_retry=self._count)

    def _once(self, call: Callable[[Session], T]) -> T:
        try:
            return call(self.session)
        except Exception as fault:
            means = meaning(fault)
            if means is Means.LOG_IN_AGAIN:
                self._log_in_again()
                raise TryAgain("the session had ended; logged in again") from None
            if means is Means.TRY_AGAIN:
                raise self._passing(fault) from None
            if means is Means.STOP and (words := self._stopping(fault)):
                raise PullStopped(words) from None
            raise

    def _log_in_again(self) -> None:
        try:
            self.session.log_in()
        except SalesforceAuthenticationFailed as fault:
            if meaning(fault) is Means.STOP:
                raise PullStopped(self._stopping(fault)) from None
            raise self._passing(fault) from None
        except _STUMBLES as fault:
            raise self._passing(fault) from None

    def _passing(self, fault: Exception) -> TryAgain:
        refused = "REQUEST_LIMIT_EXCEEDED" in words_of(fault) or getattr(fault, "status", 0) == requests.codes.too_many
        return TryAgain(self.clean(words_of(fault)), refused=refused)

    def _stopping(self, fault: Exception) -> str:
        """Say why no request will succeed and what to do; nothing for a fault of our own."""
        if isinstance(fault, SalesforceAuthenticationFailed):
            way = self.session.credentials.way
            return (
                f"Salesforce refuses the login by {way} ({self.clean(words_of(fault))}). Check the values of "
                f"{', '.join(WAYS[way])}, that the connected app allows this way of logging in, and that its user is "
                "active and may use the API."
            )
        if not hasattr(fault, "status"):
            return ""
        return (
            f"Salesforce answers no more requests ({self.clean(words_of(fault))}). What was pulled so far is kept; "
            "run again when the org allows API requests again: the daily allowance counts the last 24 hours."
        )

    def clean(self, text: str) -> str:
        """Take the secrets out of a text that came from outside."""
        token = getattr(self.session.known_client, "session_id", "") or ""
        return without_secrets(text, self._environment, token)

    def remark(self, text: str) -> None:
        """Note something for the record, once."""
        if text not in self.remarks:
            self.remarks.append(self.clean(text))

    def _count(self, fault: TryAgain) -> None:
        self.retries += 1
        self.rate_limited += fault.refused
