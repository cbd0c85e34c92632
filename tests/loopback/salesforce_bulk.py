"""Bulk 2.0 query jobs: made, looked at, read page by page, gone."""

import base64
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from .http_messages import Reply, Request, json_reply
from .salesforce_answers import Selected, csv_rows, selected
from .salesforce_company import SalesforceCompany, moment_text
from .salesforce_errors import NOT_FOUND, SalesforceError
from .soql import SoqlError

JOBS = 10_000
BULK_PAGE = 50_000
DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}


class Job:
    """A Bulk query job."""

    def __init__(self, own: str, asked: Mapping[str, Any], found: Selected, version: str, created: str) -> None:
        self.found, self.polls, self.state, self.error = found, 0, "UploadComplete", ""
        self.fate = "JobComplete"
        self.told = {
            "id": own, "operation": asked["operation"], "object": found.entity.name, "createdById": "005Qy00000LOOPBIAS", "createdDate": created, "systemModstamp": created,
            "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(version), "lineEnding": asked.get("lineEnding", "LF"), "columnDelimiter": asked.get("columnDelimiter", "COMMA"),
        }  # fmt: skip

    def step(self, polls: int) -> None:
        """What happens between two looks at it."""
        self.polls += 1
        if self.state in ("UploadComplete", "InProgress"):
            self.state = self.fate if self.polls >= polls else "InProgress"
            self.error = "InternalServerError: the job could not be completed" if self.state == "Failed" else ""

    def as_json(self) -> dict[str, object]:
        """The job as the API tells it."""
        told = self.told | {"state": self.state}
        if self.state == "JobComplete":
            told |= {"numberRecordsProcessed": self.found.total, "retries": 0, "totalProcessingTime": 100}
        return told | ({"errorMessage": self.error} if self.error else {})


class Jobs:
    """The Bulk query jobs of an org.

    Options: bulk_polls (looks until a job is complete), bulk_page (most rows of a page of results), bulk_jobs (jobs
    left of the day).
    """

    def __init__(self, company: SalesforceCompany, options: Mapping[str, Any], now: Callable[[], float]) -> None:
        self.company, self.now = company, now
        self.bulk_polls, self.bulk_page = int(options.get("bulk_polls", 2)), options.get("bulk_page")
        self.bulk_left = int(options.get("bulk_jobs", JOBS))
        self.held: dict[str, Job] = {}
        self.numbers = itertools.count(1)

    def answer(self, request: Request, rest: list[str], version: str) -> Reply:
        """Jobs: create, list, look, results, abort, delete."""
        if not rest:
            if request.method == "POST":
                return self._create(request, version)
            return json_reply(
                200, {"done": True, "records": [job.as_json() for job in self.held.values()], "nextRecordsUrl": None}
            )
        if (job := self.held.get(rest[0])) is None:
            raise NOT_FOUND
        if rest[1:] == ["results"] and request.method == "GET":
            return self._results(job, request)
        if rest[1:]:
            raise NOT_FOUND
        if request.method == "DELETE":
            if job.state in ("UploadComplete", "InProgress"):
                raise SalesforceError(400, "INVALIDJOBSTATE", "Deletion is not allowed while the job is in progress")
            del self.held[rest[0]]
            return Reply(204)
        if request.method == "PATCH":
            if request.json().get("state") != "Aborted" or job.state not in ("UploadComplete", "InProgress"):
                raise SalesforceError(400, "INVALIDJOBSTATE", "Invalid state transition")
            job.state = "Aborted"
        else:
            job.step(self.bulk_polls)
        return json_reply(200, job.as_json())

    def _create(self, request: Request, version: str) -> Reply:
        """Create a query job."""
        asked = request.json()
        unknown = set(asked) - {"operation", "query", "contentType", "columnDelimiter", "lineEnding"}
        is_ended = asked.get("lineEnding", "LF") in ("LF", "CRLF")
        if (
            unknown
            or not is_ended
            or asked.get("operation") not in ("query", "queryAll")
            or asked.get("columnDelimiter", "COMMA") not in DELIMITERS
        ):
            raise SalesforceError(
                400,
                "INVALIDJOB",
                f"Unable to create job: {', '.join(sorted(unknown)) or 'operation, delimiter or line ending not known'}",
            )
        if self.bulk_left <= 0:
            raise SalesforceError(400, "EXCEEDED_QUOTA", "ApiBatchItems Limit exceeded: daily query jobs")
        found = self._selected_for_bulk(asked)
        self.bulk_left -= 1
        own = f"750Qy{next(self.numbers):010d}AAA"
        self.held[own] = Job(own, asked, found, version, moment_text(self.now()))
        return json_reply(200, self.held[own].as_json())

    def _selected_for_bulk(self, asked: Mapping[str, Any]) -> Selected:
        """Rows of a job; Bulk refuses with a code of its own."""
        try:
            found = selected(self.company, asked.get("query", ""), with_deleted=asked["operation"] == "queryAll")
        except SoqlError as error:
            code = "INVALIDENTITY" if error.code == "INVALID_TYPE" else "API_ERROR"
            raise SalesforceError(400, code, f"{error.code}: {error}") from error
        if found.query.is_count or found.query.offset:
            raise SalesforceError(
                400, "API_ERROR", "FeatureNotEnabled: Aggregate functions and OFFSET are not supported in Bulk Query"
            )
        if any(field.column == "BillingAddress" for field in found.fields):
            raise SalesforceError(
                400, "API_ERROR", "FeatureNotEnabled: Selecting compound data not supported in Bulk Query"
            )
        return found

    def _results(self, job: Job, request: Request) -> Reply:
        """A page of a job's rows as CSV."""
        if job.state != "JobComplete":
            raise SalesforceError(400, "INVALIDJOBSTATE", f"Unable to get results: the job is {job.state}")
        asked = dict(request.parameters)
        if unknown := set(asked) - {"maxRecords", "locator"}:
            raise SalesforceError(400, "INVALID_PARAMETER", f"Unknown parameter: {', '.join(sorted(unknown))}")
        first = 0
        if locator := asked.get("locator"):
            try:
                first = int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
            except ValueError as error:
                raise SalesforceError(400, "INVALID_LOCATOR", "The locator is invalid") from error
        size = min(int(asked.get("maxRecords", BULK_PAGE)), self.bulk_page or BULK_PAGE * 5)
        last = min(first + size, job.found.total)
        following = (
            "null" if last >= job.found.total else base64.urlsafe_b64encode(str(last).encode()).decode().rstrip("=")
        )
        ending = {"LF": "\n", "CRLF": "\r\n"}[job.told["lineEnding"]]
        text = csv_rows(job.found, first, last, DELIMITERS[job.told["columnDelimiter"]], ending)
        headers = {"Sforce-Locator": following, "Sforce-NumberOfRecords": str(last - first)}
        return Reply(200, text.encode(), headers, "text/csv")
