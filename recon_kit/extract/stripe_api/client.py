"""Ask Stripe, through its own SDK, at the pace it allows; tell faults that pass from those that stay."""

from __future__ import annotations

import email.utils
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

import requests
import stripe

from recon_kit import clock
from recon_kit.extract.pulling.faults import PullStopped, TryAgain, without_secrets
from recon_kit.extract.pulling.rate_limit import RateLimiter
from recon_kit.extract.pulling.retrying import Patience, with_retries
from recon_kit.extract.stripe_api.parsed_once import ParsedOnce, text_of
from recon_kit.extract.timed_adapter import TimedAdapter, checked_address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from recon_kit.policy import Policy

T = TypeVar("T")
KEY = "STRIPE_API_KEY"
ADDRESS = "RECON_STRIPE_API_BASE"
API_VERSION = stripe.api_version or ""
_CAUSED_BY = re.compile(r"\(Caused by \w+\(['\"]?(.*)", re.DOTALL)
_POOL = re.compile(r"HTTPS?Connection(?:Pool)?\([^)]*\): ")
_KEY_SHAPE = re.compile(r"(?:sk|rk)_(live|test)_")
_TEST_MODE_RATE = 20.0
"""Requests a second with a test key, unless the policy says otherwise; Stripe allows 25."""
_TOO_MANY, _REFUSED_KEY, _NO_PERMISSION = 429, 401, 403
_SERVER_FAULTS = 500
_GONE = "resource_missing"
_NO_JSON = "Invalid response body"
_PASSING = frozenset({408, 409, 425})
"""HTTP statuses by which a server asks to try again: too slow, in conflict with another request, too early."""
_LONGEST_PAUSE = 60.0
"""Seconds of Retry-After that are obeyed; a longer one is tried again after this."""


class NoPermission(RuntimeError):  # noqa: N818  (says what it is)
    """The key may not read this; the message is Stripe's."""


class NotThere(RuntimeError):  # noqa: N818
    """Stripe knows no such object, or no such list.

    Attributes:
        is_gone: whether it says so of the object; otherwise what answers does not know the address.
    """

    def __init__(self, message: str, *, is_gone: bool = False) -> None:
        super().__init__(message)
        self.is_gone = is_gone


class CursorLost(RuntimeError):  # noqa: N818
    """The object after which the next page begins was deleted meanwhile."""


@dataclass
class Tally:
    """What was sent so far."""

    requests: int = 0
    retries: int = 0
    rate_limited: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, *, requests: int = 0, retries: int = 0, rate_limited: int = 0) -> None:
        """Count; several threads may."""
        with self.lock:
            self.requests += requests
            self.retries += retries
            self.rate_limited += rate_limited


class StripeApi:
    """A connection to Stripe for several threads.

    Attributes:
        mode: ``live`` or ``test``, by the key.
        tally: requests, retries, refusals.
    """

    def __init__(
        self, environment: Mapping[str, str], policy: Policy, *, workers: int, patience: Patience | None = None
    ) -> None:
        self._environment = environment
        self._patience = patience or Patience()
        key = environment.get(KEY, "").strip()
        self.mode = mode_of(key, policy.stripe_mode)
        self._limiter = RateLimiter(requests_per_second(policy))
        self.tally = Tally()
        self._stopped: PullStopped | None = None
        address = checked_address(environment.get(ADDRESS), ADDRESS)
        self._session = _session(address or stripe.DEFAULT_API_BASE)
        self._adapter = TimedAdapter(self._patience.time_outs, instead=address)
        self._adapter.init_poolmanager(1, workers)
        self._session.mount("https://", self._adapter)
        limits = (self._patience.time_outs.connect, self._patience.time_outs.read)
        stripe.enable_telemetry = False  # it would write a file into the home folder and send timings along
        self._client = stripe.StripeClient(
            key,
            stripe_version=API_VERSION,
            max_network_retries=0,
            http_client=ParsedOnce(timeout=limits, session=self._session),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._session.close()

    @property
    def server_time(self) -> int:
        """Stripe's clock at its last answer, in epoch seconds; ours when no answer said."""
        try:
            return int(email.utils.parsedate_to_datetime(self._adapter.dated or "").timestamp())
        except ValueError:
            return clock.epoch()

    def stop(self, why: PullStopped | None = None) -> PullStopped:
        """Let no further request go out; returns the first reason that was given."""
        self._stopped = self._stopped or why or PullStopped("The pull was stopped.")
        return self._stopped

    def get(self, path: str, query: Mapping[str, Any], read: Callable[[str], T]) -> T:
        """Fetch one answer.

        Args:
            path: of the request.
            query: its parameters.
            read: makes something of the answer's text; where it cannot (``ValueError``), the request is made again.

        Raises:
            NoPermission, NotThere, CursorLost: as they say.
            PullStopped: nothing more can be fetched with this key or these parameters.
            TriesExhausted: the last try failed for a reason that might have passed.
        """
        return with_retries(lambda: self._read(path, query, read), self._patience, on_retry=self._count_retry)

    def _read(self, path: str, query: Mapping[str, Any], read: Callable[[str], T]) -> T:
        body = self._get(path, query)
        try:
            return read(body)
        except (ValueError, LookupError) as fault:
            raise TryAgain(f"GET {path} was answered with something else than asked for: {fault}") from None

    def _count_retry(self, fault: TryAgain) -> None:
        self.tally.add(retries=1, rate_limited=int(fault.refused))

    def _get(self, path: str, query: Mapping[str, Any]) -> str:
        self._limiter.acquire()
        if self._stopped is not None:
            raise self._stopped
        self.tally.add(requests=1)
        try:
            body = text_of(self._client.raw_request("get", path, **query))
        except stripe.StripeError as fault:
            raise self._meaning(fault, path) from None
        self._limiter.accept()
        return body

    def _meaning(self, fault: stripe.StripeError, path: str) -> Exception:
        status, told = fault.http_status or 0, str(fault.user_message or fault)
        if isinstance(fault, stripe.APIConnectionError):
            return TryAgain(f"no answer to GET {path}: {without_secrets(_network_error(told), self._environment)}")
        said = without_secrets(told, self._environment)
        if isinstance(fault, stripe.RateLimitError) or status == _TOO_MANY:
            after = _seconds(fault.headers)
            self._limiter.refuse(after)
            return TryAgain(f"GET {path}: too many requests ({said})", after=after, refused=True)
        if isinstance(fault, stripe.APIError) or status in _PASSING or status >= _SERVER_FAULTS:
            told = "what it holds is no JSON" if said.startswith(_NO_JSON) else said
            return TryAgain(f"GET {path} was answered with HTTP {status}: {told}")
        return self._lasting(fault, path, said)

    def _lasting(self, fault: stripe.StripeError, path: str, said: str) -> Exception:
        if fault.http_status == _REFUSED_KEY:
            why = PullStopped(
                f"Stripe refuses the key in {KEY} ({said}). Put a valid key there (a restricted key with read "
                "permissions is enough) and run again: the pull goes on where it stopped."
            )
            return self.stop(why)
        if fault.http_status == _NO_PERMISSION:
            return NoPermission(said)
        param = getattr(fault, "param", None)
        if param in {"starting_after", "ending_before"}:
            return CursorLost(said)
        if fault.http_status == 404:  # noqa: PLR2004  (as HTTP names it)
            return NotThere(said, is_gone=fault.code == _GONE)
        named = f" (parameter {param})" if param else ""
        why = PullStopped(
            f"Stripe does not accept GET {path} at API version {API_VERSION}{named}: {said} "
            "Update the kit, or use the files of an export (kind: files) meanwhile."
        )
        return self.stop(why)


def _session(address: str) -> requests.Session:
    """Make a session that looks up proxies once, not with every request, and takes no other key from a .netrc file."""
    session = requests.Session()
    session.proxies = dict(requests.utils.get_environ_proxies(address))
    session.trust_env = False
    return session


def _network_error(said: str) -> str:
    """Take the cause out of the SDK's message, which otherwise asks to write to Stripe and quotes the whole request."""
    cause = said.partition("(Network error: ")[2].removesuffix(")") or said
    innermost = _CAUSED_BY.search(cause)
    return _POOL.sub("", innermost[1].rstrip("'\")") if innermost else cause)


def mode_of(key: str, wanted: str) -> str:
    """Tell the mode of a key.

    Raises:
        PullStopped: there is no key, it is none, or it is of the other mode than the policy names.
    """
    if not key:
        raise PullStopped(
            f"{KEY} is not set. Set it to a restricted key with read permissions "
            "(Dashboard → Developers → API keys), or use kind: files."
        )
    shape = _KEY_SHAPE.match(key)
    if shape is None:
        raise PullStopped(f"{KEY} holds no secret or restricted key: those begin with sk_ or rk_. Correct it.")
    if shape[1] != wanted:
        raise PullStopped(
            f"{KEY} holds a {shape[1]} key, but policy stripe_mode is {wanted}. "
            f"Set the {wanted} key, or stripe_mode: {shape[1]}."
        )
    return shape[1]


def requests_per_second(policy: Policy) -> float:
    """Tell the client-side rate limit: that of the policy; less with a test key unless it was set."""
    if policy.stripe_mode == "test" and "stripe_requests_per_second" not in policy.model_fields_set:
        return min(policy.stripe_requests_per_second, _TEST_MODE_RATE)
    return policy.stripe_requests_per_second


def _seconds(headers: Mapping[str, str] | None) -> float | None:
    try:
        asked = float((headers or {}).get("Retry-After", ""))
    except ValueError:
        return None
    return min(asked, _LONGEST_PAUSE) if asked > 0 else None
