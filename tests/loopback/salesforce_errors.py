"""Errors as Salesforce words them."""

from .http_messages import Reply, json_reply


class SalesforceError(Exception):
    """An error as the API words it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code

    def reply(self) -> Reply:
        """Its answer."""
        return json_reply(self.status, [{"message": str(self), "errorCode": self.code}])


EXPIRED = SalesforceError(401, "INVALID_SESSION_ID", "Session expired or invalid")
EXCEEDED = SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
NOT_FOUND = SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
FORBIDDEN = SalesforceError(
    403, "INSUFFICIENT_ACCESS", "You do not have the level of access necessary to perform the operation you requested."
)
