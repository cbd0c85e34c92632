"""Parameters of a Stripe request read, and what is wrong with them said in Stripe's words."""

import re

import numpy as np

from .http_messages import Request
from .stripe_catalogue import Listed


class StripeError(Exception):
    """An error as the API words it."""

    def __init__(self, status: int, message: str, **more: str) -> None:
        super().__init__(message)
        self.status, self.body = status, {"message": message, "type": "invalid_request_error"} | more


def unrecognized(request: Request) -> StripeError:
    """Error of an address that Stripe does not know."""
    where = f"{request.method}: {request.path}"
    message = f"Unrecognized request URL ({where}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/."
    return StripeError(404, message)


def masked(key: str) -> str:
    """A key as messages show it."""
    start = re.match(r"(?:sk|rk|pk)_(?:live|test)_", key)
    head = start.group() if start else key[:3]
    return head + "*" * max(3, len(key) - len(head) - 4) + key[-4:]


def expired(key: str) -> StripeError:
    return StripeError(401, f"Expired API Key provided: {masked(key)}", code="api_key_expired")


def no_such(listed: Listed, own: str, parameter: str, status: int) -> StripeError:
    return StripeError(status, f"No such {listed.named}: '{own}'", code="resource_missing", param=parameter)


def one(request: Request, name: str) -> str | None:
    """A parameter that is given once."""
    return next((value for key, value in request.parameters if key == name), None)


def refuse_unknown(request: Request, known: tuple[str, ...]) -> None:
    """Refuse parameters that are not known."""
    unknown = sorted({key for key, _ in request.parameters if key.partition("[")[0] not in known})
    if unknown:
        word = "parameter" if len(unknown) == 1 else "parameters"
        raise StripeError(
            400,
            f"Received unknown {word}: {', '.join(unknown)}",
            code="parameter_unknown",
            param=unknown[0].partition("[")[0],
        )
    for key, value in request.parameters:
        if value == "" and key != "expand":
            raise StripeError(
                400,
                f"You passed an empty string for '{key}'. We assume empty values are an attempt to unset a parameter; however '{key}' cannot be unset. You should remove '{key}' from your request or supply a non-empty value.",
                code="parameter_invalid_empty",
                param=key,
            )


def page_size(request: Request) -> int:
    value = one(request, "limit")
    if value is None:
        return 10
    number = integer("limit", value)
    if number < 1:
        raise StripeError(
            400, "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="limit"
        )
    if number > 100:
        raise StripeError(
            400,
            f"This value must be less than or equal to 100 (it currently is '{number}').",
            code="parameter_invalid_integer",
            param="limit",
        )
    return number


def integer(name: str, value: str) -> int:
    if not re.fullmatch(r"-?\d+", value):
        raise StripeError(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def boolean(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise StripeError(400, f"Invalid boolean: {value}", param=name)
    return value == "true"


def created_bounds(request: Request) -> dict[str, int]:
    """Bounds of a time filter; a bare number is one second."""
    bounds: dict[str, int] = {}
    for key, value in request.parameters:
        if key == "created":
            bounds |= {"gte": integer(key, value), "lte": integer(key, value)}
        elif key.startswith("created["):
            bound = key.removeprefix("created[").removesuffix("]")
            if bound not in ("gt", "gte", "lt", "lte"):
                raise StripeError(400, f"Received unknown parameter: {key}", code="parameter_unknown", param=key)
            bounds[bound] = integer(key, value)
    return bounds


def expansions(request: Request) -> list[str]:
    return [value for key, value in request.parameters if key == "expand" or key.startswith("expand[")]


def paged(kept: np.ndarray, limit: int, after: int | None, before: int | None) -> tuple[np.ndarray, bool]:
    """Positions of a page, and whether there is more in its direction."""
    if after is not None and before is not None:
        raise StripeError(
            400, "You can only specify one of these parameters: starting_after, ending_before.", param="starting_after"
        )
    if before is not None:
        kept = kept[: int(np.searchsorted(kept, before, "left"))]
        return kept[-limit:], len(kept) > limit
    if after is not None:
        kept = kept[int(np.searchsorted(kept, after, "right")) :]
    return kept[:limit], len(kept) > limit
