"""Salesforce on loopback: login, describe, queries and their pages, limits, Bulk 2.0 query jobs.

Options: folder; those of Logins; without (objects the org lacks), hidden (object -> fields the user does not see);
bulk_polls (polls until a job is complete, 2), bulk_page (most rows of one page of results); batch (rows of a page at
most, 2000); daily (requests left of the day), bulk_jobs (jobs left of the day); latency; clock_skew; port; faults.
"""

import itertools
import json
import re
from collections.abc import Mapping
from typing import Any

from .faults import Breakage
from .http_messages import Api, Reply, Request, json_reply
from .http_server import run
from .salesforce_answers import Field, Selected, records, selected
from .salesforce_bulk import JOBS, Jobs
from .salesforce_company import SalesforceCompany
from .salesforce_describe import described, summary
from .salesforce_errors import EXCEEDED, EXPIRED, FORBIDDEN, NOT_FOUND, SalesforceError
from .salesforce_login import Logins
from .soql import SoqlError, parsed

OLDEST, NEWEST = 31, 65
FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
COUNTS = re.compile(r"SELECT\s+COUNT\s*\(", re.IGNORECASE)
HTML = b"<html><head><title>Service not available</title></head><body>We are down for maintenance.</body></html>"
LONGEST = 16_384
DAILY = 15_000
BATCHES = (200, 2_000)


class SalesforceApi(Api):
    """What Salesforce answers."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self.company = SalesforceCompany(
            options["folder"], without=tuple(options.get("without", ())), hidden=options.get("hidden")
        )
        self.logins = Logins(options)
        self.batch = int(options.get("batch", BATCHES[1]))
        self.daily = int(options.get("daily", DAILY))
        self.cursors: dict[str, Selected] = {}
        self.jobs = Jobs(self.company, options, self.now)
        self.numbers = itertools.count(1)

    def subject(self, request: Request) -> str:
        """``query:Account``, ``count:Account``, ``query_more:Account``, ``bulk_create:Account``, ``token``, …."""
        parts = request.path.strip("/").split("/")
        if parts[1:2] == ["oauth2"]:
            return "token"
        if parts[1:2] == ["Soap"]:
            return "soap_login"
        rest = parts[3:]
        if rest[:1] in (["query"], ["queryAll"]):
            return self._query_subject(request, rest)
        if rest[:2] == ["jobs", "query"]:
            return self._bulk_subject(request, rest[2:])
        if rest[:1] == ["sobjects"] and len(rest) > 1:
            return f"{'describe' if rest[2:3] == ['describe'] else 'row'}:{rest[1]}"
        return {"sobjects": "describe_all", "limits": "limits"}.get(rest[0] if rest else "", "other")

    def _query_subject(self, request: Request, rest: list[str]) -> str:
        if len(rest) > 1:
            cursor = self.cursors.get(rest[1].partition("-")[0])
            return f"query_more:{cursor.entity.name if cursor else ''}"
        text = dict(request.parameters).get("q", "")
        named = FROM.search(text)
        return f"{'count' if COUNTS.match(text.strip()) else 'query'}:{named[1] if named else ''}"

    def _bulk_subject(self, request: Request, rest: list[str]) -> str:
        if not rest:
            named = FROM.search(request.body.decode("utf-8", "replace"))
            return f"bulk_create:{named[1] if named else ''}"
        job = self.jobs.held.get(rest[0])
        words = {"PATCH": "bulk_abort", "DELETE": "bulk_delete"}
        word = "bulk_results" if rest[1:] else words.get(request.method, "bulk_poll")
        return f"{word}:{job.found.entity.name if job else ''}"

    def refusal(self, request: Request, at_once: int) -> Reply | None:
        """Nothing is refused before it is looked at."""
        return None

    def answer(self, request: Request) -> Reply:
        """Answer a request."""
        try:
            reply = self._answer(request)
        except SalesforceError as error:
            reply = error.reply()
        except SoqlError as error:
            reply = SalesforceError(400, error.code, str(error)).reply()
        reply.headers["Sforce-Limit-Info"] = f"api-usage={DAILY - self.daily}/{DAILY}"
        return reply

    def broken(self, request: Request, breakage: Breakage) -> Reply | None:
        """Faults that Salesforce words itself."""
        kind = breakage.kind
        if kind == "500":
            return SalesforceError(
                500,
                "UNKNOWN_EXCEPTION",
                "An unexpected error occurred. Please include this ErrorId if you contact support: 1234-5678",
            ).reply()
        if kind == "503":
            return SalesforceError(503, "SERVER_UNAVAILABLE", "System is under maintenance").reply()
        if kind in ("html_200", "html_502"):
            return Reply(int(kind[-3:]), HTML, content_type="text/html; charset=UTF-8")
        if kind == "empty_200":
            return Reply(200)
        if kind in ("401", "session_expired"):
            if kind == "session_expired":
                self.logins.end(request)
            return EXPIRED.reply()
        if kind in ("403", "limit_exceeded"):
            return (FORBIDDEN if kind == "403" else EXCEEDED).reply()
        if kind in ("job_failed", "job_aborted", "job_expired"):
            return self._ill_fated(request, kind)
        return None

    def _ill_fated(self, request: Request, kind: str) -> Reply:
        """Let the job of this request, made by it or asked for, end badly."""
        reply = self.answer(request)
        rest = request.path.strip("/").split("/")[5:]
        own = rest[0] if rest else json.loads(reply.body).get("id", "") if reply.status < 300 else ""
        if (job := self.jobs.held.get(own)) is None:
            return reply
        if kind == "job_expired":
            del self.jobs.held[own]
            return NOT_FOUND.reply() if rest else reply
        job.fate = job.state = "Failed" if kind == "job_failed" else "Aborted"
        job.error = "InternalServerError: the job could not be completed" if kind == "job_failed" else ""
        return self.answer(request) if rest else reply

    def control(self, name: str, content: Any) -> object:
        """Changes of the org and of its limits."""
        if name == "change":
            return [self.company.change(operation, self.now()) for operation in content]
        if name == "end_sessions":
            self.logins.sessions.clear()
        elif name == "expire_jobs":
            self.jobs.held.clear()
        elif name == "daily":
            self.daily = int(content)
        elif name == "jobs":
            return [job.as_json() for job in self.jobs.held.values()]
        else:
            raise KeyError(name)
        return {}

    def _answer(self, request: Request) -> Reply:
        """Answer of a request; raises SalesforceError and SoqlError."""
        parts = request.path.strip("/").split("/")
        if parts[:3] == ["services", "oauth2", "token"]:
            return self.logins.token_reply(request)
        if parts[:3] == ["services", "Soap", "u"]:
            return self.logins.soap_reply(request)
        if parts[:2] != ["services", "data"]:
            raise NOT_FOUND
        if len(parts) == 2:
            return json_reply(
                200,
                [
                    {"label": f"v{number}", "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
                    for number in range(OLDEST, NEWEST + 1)
                ],
            )
        version = self._version(parts[2])
        if not self.logins.is_valid(request):
            raise EXPIRED
        if self.daily <= 0:
            raise EXCEEDED
        self.daily -= 1
        if sum(len(name) + len(value) for name, value in request.parameters) > LONGEST:
            raise SalesforceError(414, "URI_TOO_LONG", "URI Too Long")
        return self._resource(request, parts[3:], version)

    @staticmethod
    def _version(text: str) -> str:
        """The version asked for, without its v."""
        found = re.fullmatch(r"v(\d+)\.0", text)
        if not found or int(found[1]) > NEWEST:
            raise NOT_FOUND
        if int(found[1]) < OLDEST:
            raise SalesforceError(410, "UNSUPPORTED_API_VERSION", "This API version is retired")
        return text[1:]

    def _resource(self, request: Request, rest: list[str], version: str) -> Reply:
        root, get = f"/services/data/v{version}", request.method == "GET"
        if get and rest[:1] in (["query"], ["queryAll"]):
            if len(rest) == 1:
                return self._query(request, rest[0], root)
            return self._more(rest[0], rest[1], root)
        if rest[:2] == ["jobs", "query"]:
            return self.jobs.answer(request, rest[2:], version)
        if get and rest == ["limits"]:
            return json_reply(200, self._limits())
        if get and rest[:1] == ["sobjects"]:
            return self._sobjects(rest[1:], root)
        raise NOT_FOUND

    def _limits(self) -> dict[str, dict[str, int]]:
        return {
            "DailyApiRequests": {"Max": DAILY, "Remaining": self.daily},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
            "DailyBulkV2QueryJobs": {"Max": JOBS, "Remaining": self.jobs.bulk_left},
            "ConcurrentAsyncGetReportInstances": {"Max": 200, "Remaining": 200},
            "DataStorageMB": {"Max": 1_024, "Remaining": 900},
        }

    def _sobjects(self, rest: list[str], root: str) -> Reply:
        """Describe all, describe one, or one row."""
        entities = self.company.entities
        if not rest:
            return json_reply(
                200,
                {
                    "encoding": "UTF-8",
                    "maxBatchSize": 200,
                    "sobjects": [summary(entity, root) for entity in entities.values()],
                },
            )
        entity = next((entity for name, entity in entities.items() if name.lower() == rest[0].lower()), None)
        if entity is None:
            raise NOT_FOUND
        if rest[1:] == ["describe"]:
            return json_reply(200, described(entity, root))
        if len(rest) != 2 or (place := entity.place(rest[1])) is None:
            raise SalesforceError(
                404,
                "NOT_FOUND",
                "Provided external ID field does not exist or is not accessible: " + "/".join(rest[1:]),
            )
        if "IsDeleted" in entity.types and entity.rows["IsDeleted"][place] == "true":
            raise SalesforceError(404, "ENTITY_IS_DELETED", "entity is deleted")
        fields = [Field(column, entity) for column in entity.own]
        found = Selected(parsed(f"SELECT Id FROM {entity.name}"), entity, [place], fields)  # noqa: S608 no database
        return Reply(200, records(found, 0, 1, root)[0].encode(), content_type="application/json;charset=UTF-8")

    def _query(self, request: Request, word: str, root: str) -> Reply:
        """The first page of a query."""
        found = selected(self.company, dict(request.parameters).get("q", ""), with_deleted=word == "queryAll")
        if found.query.is_count:
            return json_reply(200, {"totalSize": found.total, "done": True, "records": []})
        size = re.search(r"batchSize=(\d+)", request.headers.get("sforce-query-options", ""))
        batch = min(self.batch, max(BATCHES[0], min(BATCHES[1], int(size[1])))) if size else self.batch
        own = f"01g{next(self.numbers):015d}"
        self.cursors[own] = found
        return self._page(own, word, 0, batch, root)

    def _more(self, word: str, cursor: str, root: str) -> Reply:
        """A later page; the cursor says from where and how many."""
        own, _, place = cursor.partition("-")
        if own not in self.cursors or not re.fullmatch(r"\d+", place):
            raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        first = int(place)
        return self._page(own, word, first, self.cursors[own].batch, root)

    def _page(self, own: str, word: str, first: int, batch: int, root: str) -> Reply:
        found = self.cursors[own]
        found.batch = batch  # later pages are as large as the first
        last = first + batch
        is_done = last >= found.total
        more = "" if is_done else f'\n  "nextRecordsUrl": "{root}/{word}/{own}-{last}",'
        rows = ", ".join(records(found, first, last, root))
        text = f'{{\n  "totalSize": {found.total},\n  "done": {str(is_done).lower()},{more}\n  "records": [{rows}]\n}}'
        return Reply(200, text.encode(), content_type="application/json;charset=UTF-8")


if __name__ == "__main__":
    run(SalesforceApi)
