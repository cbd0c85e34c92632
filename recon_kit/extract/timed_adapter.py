"""An HTTP transport that always ends: every request has time-outs and a limit in all, and may be sent elsewhere."""

from __future__ import annotations

import io
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ReadTimeout
from urllib3.exceptions import HTTPError

from recon_kit import clock
from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

_PIECE = 256 * 1024
"""Bytes that are read at a time."""


@dataclass(frozen=True)
class TimeOuts:
    """How long one request may take, in seconds.

    Attributes:
        connect: until the connection stands.
        read: between two pieces of an answer.
        whole: for the body in all, however steadily it drips.
    """

    connect: float = 10.0
    read: float = 60.0
    whole: float = 300.0


class TimedAdapter(HTTPAdapter):
    """Sends requests with time-outs, to another address where one is given, and remembers what it heard.

    Args:
        time_outs: of every request that does not say its own.
        instead: scheme and host every request goes to, as ``checked_address`` allows; none: where it was meant to go.

    Attributes:
        requests: how many were sent.
        dated: the ``Date`` header of the newest answer that has one.
    """

    def __init__(self, time_outs: TimeOuts, instead: str | None = None) -> None:
        super().__init__()
        self._time_outs, self._instead = time_outs, instead
        self.requests = 0
        self.dated: str | None = None

    def send(  # type: ignore[override]
        self,
        request: PreparedRequest,
        *,
        stream: bool = False,
        timeout: object = None,
        **given: Any,  # noqa: ANN401  (handed through)
    ) -> Response:
        """Send a request.

        Raises:
            requests.RequestException: no connection, no answer in time, or an answer that is cut short.
        """
        if self._instead:
            request.url = _elsewhere(request.url or "", self._instead)
            if request.url.startswith("http:"):
                given["proxies"] = {}
        self.requests += 1
        limits = timeout or (self._time_outs.connect, self._time_outs.read)
        response = super().send(request, stream=True, timeout=limits, **given)  # type: ignore[arg-type]
        self.dated = response.headers.get("Date", self.dated)
        if not stream:
            _read_whole(response, self._time_outs.whole)
        return response


def _read_whole(response: Response, seconds: float) -> None:
    """Read the body at once, piece by piece as it comes, until its end or until it has taken too long."""
    latest = clock.elapsed() + seconds
    body = io.BytesIO()
    try:
        while piece := response.raw.read1(_PIECE, decode_content=True):
            body.write(piece)
            if clock.elapsed() > latest:
                raise ReadTimeout(f"the answer was not complete after {seconds:g} seconds")
    except HTTPError as fault:
        raise ChunkedEncodingError(f"the answer was cut short: {type(fault).__name__}") from fault
    finally:
        if not response.raw.isclosed():
            response.raw.close()  # half read: of no use to a further request
    response.raw.release_conn()
    body.seek(0)
    response.raw = body


def _elsewhere(url: str, instead: str) -> str:
    meant, given = urlsplit(url), urlsplit(instead)
    return urlunsplit((given.scheme, given.netloc, meant.path, meant.query, ""))


def checked_address(address: str | None, variable: str) -> str | None:
    """Accept the address that requests are redirected to: https, or plain http to this machine itself.

    Args:
        address: as given; none or empty: no redirection.
        variable: the environment variable that holds it, for the message.

    Returns:
        Scheme and host, or none.

    Raises:
        SettingsError: secrets would cross the network in the clear, or it is no address.
    """
    if not address:
        return None
    parts = urlsplit(address)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))):
        raise SettingsError(
            f"{variable} must be an https address, or http to this machine itself (such as http://127.0.0.1:8080): "
            "a key must not cross the network in the clear. Correct it, or unset it to reach the system itself."
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
