"""Stripe on loopback: ``GET`` of lists, objects, embedded lists, the balance; keys, permissions, limits, versions.

Options: folder; keys (key -> {"status": "live"|"expired", "without": [permissions]}) with any well-formed live key accepted
when absent; livemode objects follow the key; rate (requests/s) and burst; concurrency; retry_after (seconds, told with
every second 429); latency; pretty (layout of the bodies as Stripe's, true); events_days (older events are gone);
clock_skew; port; faults; total_count (embedded lists tell it, false).
"""

import itertools
import json
import re
from collections.abc import Mapping
from typing import Any

from .faults import UNKNOWN_ADDRESS, Breakage
from .http_messages import Api, Reply, Request
from .http_server import run
from .stripe_answers import StripeAnswers
from .stripe_catalogue import LISTS, VERSIONS, Listed
from .stripe_company import StripeCompany
from .stripe_expand import ExpandError
from .stripe_parameters import StripeError, expired, masked, unrecognized
from .token_bucket import TokenBucket

KEY = re.compile(r"(sk|rk)_(live|test)_[A-Za-z0-9]+")
HTML = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
LIMIT_TEXT = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."


class StripeApi(Api):
    """What Stripe answers."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self.keys: dict[str, dict[str, Any]] | None = options.get("keys")
        self.bucket = TokenBucket(options.get("rate"), options.get("burst"))
        self.concurrency = options.get("concurrency")
        self.retry_after = options.get("retry_after")
        self.answers = StripeAnswers(options, self.now)
        self.default_version = options.get("default_version", "2026-10-28.endive")
        self.without: set[str] = set()
        self.refused, self.numbers = 0, itertools.count(1)
        self.companies = {True: StripeCompany(options["folder"], livemode=True)}
        self.folder = options["folder"]

    def subject(self, request: Request) -> str:
        """``customers``, ``customers/id``, ``invoices/id/lines``, ``balance_transactions?payout``."""
        parts = request.path.strip("/").split("/")[1:]
        names = [part if number % 2 == 0 else "id" for number, part in enumerate(parts)]
        named = "/".join(names) or request.path
        is_by_payout = named == "balance_transactions" and any(name == "payout" for name, _ in request.parameters)
        return named + ("?payout" if is_by_payout else "")

    def refusal(self, request: Request, at_once: int) -> Reply | None:
        """429 when there are too many requests."""
        if self.concurrency and at_once > self.concurrency:
            return self._too_many(request, "global-concurrency")
        return None if self.bucket.takes() else self._too_many(request, "global-rate")

    def _too_many(self, request: Request, reason: str) -> Reply:
        self.refused += 1
        more = {"Stripe-Rate-Limited-Reason": reason}
        if self.retry_after and self.refused % 2:
            more["Retry-After"] = str(self.retry_after)
        error = {"message": LIMIT_TEXT, "type": "invalid_request_error", "code": "rate_limit"}
        return self._reply(429, {"error": error}, request, more)

    def _reply(self, status: int, content: object, request: Request, more: Mapping[str, str] | None = None) -> Reply:
        body = json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
        return self._with_headers(Reply(status, body), request, more)

    def _with_headers(self, reply: Reply, request: Request, more: Mapping[str, str] | None = None) -> Reply:
        reply.headers |= {
            "Request-Id": f"req_{next(self.numbers):014d}",
            "Stripe-Version": request.headers.get("stripe-version", self.default_version),
            **(more or {}),
        }
        return reply

    def answer(self, request: Request) -> Reply:
        """Answer a request."""
        try:
            return self._with_headers(Reply(200, self._body(request)), request)
        except StripeError as error:
            return self._reply(error.status, {"error": error.body}, request)
        except ExpandError as error:
            body = {"message": str(error), "type": "invalid_request_error", "param": "expand"}
            return self._reply(400, {"error": body}, request)

    def broken(self, request: Request, breakage: Breakage) -> Reply | None:
        """Faults that Stripe words itself."""
        kind = breakage.kind
        if kind in ("500", "503"):
            error = {"message": "An unknown error occurred", "type": "api_error"}
            return self._reply(int(kind), {"error": error}, request)
        if kind in ("429", "429_retry_after"):
            reply = self._too_many(request, "endpoint-rate")
            if kind != "429":
                reply.headers["Retry-After"] = str(breakage.seconds or 1)
            return reply
        if kind in ("html_200", "html_502"):
            return Reply(int(kind[-3:]), HTML, content_type="text/html")
        if kind == "empty_200":
            return Reply(200)
        if kind == "401":
            error = expired(self._key(request))
        elif kind == "403":
            error = self._forbidden(self._key(request), self._listed(request).permission)
        elif kind == UNKNOWN_ADDRESS:
            error = unrecognized(request)
        else:
            return None
        return self._reply(error.status, {"error": error.body}, request)

    def control(self, name: str, content: Any) -> object:
        """Changes of the company, of permissions and of limits."""
        if name == "change":
            return [self.company(livemode=True).change(operation, int(self.now())) for operation in content]
        if name == "without":
            self.without = set(content)
        elif name == "keys":
            self.keys = content
        elif name == "limits":
            self.bucket = TokenBucket(content.get("rate"), content.get("burst"))
            self.concurrency, self.retry_after = content.get("concurrency"), content.get("retry_after")
        else:
            raise KeyError(name)
        return {}

    def company(self, *, livemode: bool) -> StripeCompany:
        """Objects of a mode."""
        if livemode not in self.companies:
            self.companies[livemode] = StripeCompany(self.folder, livemode=livemode)
        return self.companies[livemode]

    @staticmethod
    def _key(request: Request) -> str:
        """The key of a request; empty when there is none."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""

    @staticmethod
    def _listed(request: Request) -> Listed:
        name = request.path.strip("/").split("/")[1:2]
        named = (
            {"subscription_items": "subscriptions", "balance": "balance_transactions"}.get(name[0], name[0])
            if name
            else ""
        )
        return LISTS.get(named, LISTS["customers"])

    def _allowed(self, request: Request, key: str) -> None:
        """Check key, version and permission; raises StripeError."""
        if not key:
            raise StripeError(
                401,
                "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            )
        known = self.keys.get(key) if self.keys is not None else ({} if KEY.fullmatch(key) else None)
        if known is None:
            raise StripeError(401, f"Invalid API Key provided: {masked(key)}")
        if known.get("status") == "expired":
            raise expired(key)
        version = request.headers.get("stripe-version", self.default_version)
        if version not in VERSIONS:
            raise StripeError(400, f"Invalid Stripe API version: {version}")
        missing = self.without | set(known.get("without", ()))
        if key.startswith("rk_") and (needed := self._listed(request).permission) in missing:
            raise self._forbidden(key, needed)

    @staticmethod
    def _forbidden(key: str, needed: str) -> StripeError:
        message = (
            f"The provided key '{masked(key)}' does not have the required permissions for this endpoint on account"
            f" 'acct_1LoopbackServer00'. Having the '{needed}' permission would allow this request to continue."
        )
        return StripeError(403, message, code="more_permissions_required")

    def _body(self, request: Request) -> bytes:
        """Body of a good answer; raises StripeError and ExpandError."""
        parts = request.path.strip("/").split("/")
        if request.method != "GET" or parts[0] != "v1" or len(parts) < 2:
            raise unrecognized(request)
        key = self._key(request)
        self._allowed(request, key)
        return self.answers.body(self.company(livemode="_live_" in key), request, parts[1:])


if __name__ == "__main__":
    run(StripeApi)
