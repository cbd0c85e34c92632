"""What a fault of Salesforce means for the pull: try again, log in again, begin anew, give up, or stop."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

import requests
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceError,
    SalesforceExpiredSession,
    SalesforceResourceNotFound,
)

_RETRYABLE_CODES = {"QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW", "UNKNOWN_EXCEPTION"}
_STALE_CODES = {"INVALID_QUERY_LOCATOR", "INVALIDJOB", "INVALID_JOB"}
_STOPPING_CODES = {"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "ORG_LOCKED", "INACTIVE_OWNER_OR_USER"}
_INVISIBLE_CODES = {"INVALID_TYPE", "NOT_FOUND"}
_LIMIT = "REQUEST_LIMIT_EXCEEDED"
_DAILY_LIMIT = re.compile(r"TotalRequests", re.IGNORECASE)
_TOO_MANY, _TIMED_OUT, _NOT_FOUND, _SERVER = 429, 408, 404, 500


_SILENCES: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.JSONDecodeError, "the answer is no JSON"),
    (requests.exceptions.ChunkedEncodingError, "{}"),
    (requests.Timeout, "no answer, or no whole one, in the time allowed"),
    (requests.exceptions.SSLError, "no secure connection: {}"),
    (requests.exceptions.ProxyError, "the proxy gave no connection"),
    (requests.ConnectionError, "no connection, or it broke off"),
    (requests.RequestException, "{}"),
)
"""What the transport's faults are called; they quote addresses and queries themselves."""


class TornAnswer(Exception):  # noqa: N818  (says what it is)
    """An answer that cannot be what the API meant to say: cut short, HTML, or without what every answer has."""


class Means(Enum):
    """What to do about a fault."""

    TRY_AGAIN = "try again"
    LOG_IN_AGAIN = "log in again"
    BEGIN_ANEW = "the cursor or job is gone: ask for the object anew"
    GIVE_UP = "this request will not succeed"
    STOP = "no request will succeed"


def meaning(fault: BaseException) -> Means:
    """Tell what a fault means."""
    if isinstance(fault, SalesforceAuthenticationFailed):
        return Means.TRY_AGAIN if _may_pass(code_of(fault)) else Means.STOP
    if isinstance(fault, SalesforceExpiredSession):
        return Means.LOG_IN_AGAIN
    if isinstance(fault, SalesforceError):
        return _meaning_of_answer(fault)
    if isinstance(fault, requests.RequestException | TornAnswer):
        return Means.TRY_AGAIN
    return Means.STOP


def _meaning_of_answer(fault: SalesforceError) -> Means:
    status, code = int(fault.status) if str(fault.status).isdigit() else 0, code_of(fault)
    if status in {_TOO_MANY, _TIMED_OUT} or status >= _SERVER or code in _RETRYABLE_CODES:
        return Means.TRY_AGAIN
    if code == _LIMIT:
        return Means.STOP if _DAILY_LIMIT.search(words_of(fault)) else Means.TRY_AGAIN
    if code in _STOPPING_CODES:
        return Means.STOP
    if code in _STALE_CODES or status == _NOT_FOUND:
        return Means.BEGIN_ANEW
    return Means.GIVE_UP


_PASSING = {"unknown_error", "server_error", "temporarily_unavailable"}
"""What a login says when it might succeed a moment later."""
_REFUSED_STATUS = {"400", "401", "403", "404"}


def _may_pass(code: str) -> bool:
    return code in _PASSING or (code.isdigit() and code not in _REFUSED_STATUS)


def is_refusal_of_bulk(fault: BaseException) -> bool:
    """Tell whether Salesforce will not run a query as a Bulk job at all, so that REST has to do."""
    return isinstance(fault, SalesforceError) and meaning(fault) in {Means.GIVE_UP, Means.BEGIN_ANEW}


def is_absent(fault: BaseException) -> bool:
    """Tell whether the thing asked for does not exist, or not for this user."""
    return isinstance(fault, SalesforceResourceNotFound) or (
        isinstance(fault, SalesforceError) and code_of(fault) in _INVISIBLE_CODES
    )


def code_of(fault: SalesforceError) -> str:
    """Return Salesforce's own code of a fault, such as ``INVALID_FIELD``, else the HTTP status."""
    said = _said(fault) or {}
    code = getattr(fault, "code", None) or said.get("errorCode") or said.get("error")
    return str(code or fault.status)


def words_of(fault: BaseException) -> str:
    """Write what a fault says in one line: Salesforce's code and message, without address and query."""
    if isinstance(fault, requests.RequestException):
        return next(words for kind, words in _SILENCES if isinstance(fault, kind)).format(fault)
    if isinstance(fault, SalesforceAuthenticationFailed):
        code = code_of(fault)
        is_status = code.isdigit() or not fault.auth_message
        return f"the login was answered with {code}" if is_status else f"{code}: {fault.auth_message}"
    if not isinstance(fault, SalesforceError):
        return str(fault)
    said = _said(fault)
    if said is None:
        return f"HTTP status {fault.status} with an answer that is no JSON"
    message = str(said.get("message") or said.get("error_description") or "").split("\n")
    return f"{code_of(fault)}: {' '.join(line.strip() for line in message if line.strip('^ '))}"


def _said(fault: SalesforceError) -> dict[str, Any] | None:
    content: object = fault.content
    first = content[0] if isinstance(content, list) and content else content
    return first if isinstance(first, dict) else None
