"""Logging in to Salesforce: client credentials, JWT, password, and the SOAP call of old versions."""

import base64
import itertools
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape, unescape

import jwt

from .http_messages import Reply, Request, json_reply

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
NO_SOAP_FROM = 65.0
ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body>{}</soapenv:Body></soapenv:Envelope>'
)


class Logins:
    """Who may log in, and the sessions given out.

    Options: client_id, client_secret, username, password, security_token, public_key (PEM); what is absent is not
    checked. session_requests: so many requests end a session. instance: host told to clients.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.known = {
            name: options[name]
            for name in ("client_id", "client_secret", "username", "password", "security_token", "public_key")
            if name in options
        }
        self.instance = options.get("instance", "acme.my.salesforce.com")
        self.lasts = options.get("session_requests")
        self.sessions: dict[str, int] = {}
        self.numbers = itertools.count(1)

    def opened(self) -> str:
        """A new session."""
        token = f"00DQy00000LOOPB!AQ{next(self.numbers):06d}.loopbackSessionToken"
        self.sessions[token] = 0
        return token

    def is_valid(self, request: Request) -> bool:
        """Whether the request's session lives; counts the request."""
        token = self.token(request)
        if token not in self.sessions or (self.lasts is not None and self.sessions[token] >= self.lasts):
            self.sessions.pop(token, None)
            return False
        self.sessions[token] += 1
        return True

    @staticmethod
    def token(request: Request) -> str:
        """Session that a request names."""
        return request.headers.get("authorization", "").removeprefix("Bearer ").removeprefix("OAuth ")

    def end(self, request: Request) -> None:
        """End the session of a request."""
        self.sessions.pop(self.token(request), None)

    def _differs(self, **told: str | None) -> bool:
        return any(name in self.known and self.known[name] != value for name, value in told.items())

    def token_reply(self, request: Request) -> Reply:
        """``/services/oauth2/token``."""
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        basic = request.headers.get("authorization", "").removeprefix("Basic ")
        if basic:
            form["client_id"], _, form["client_secret"] = base64.b64decode(basic).decode().partition(":")
        kind = form.get("grant_type")
        checks = {"client_credentials": self._client, "password": self._password, JWT_GRANT: self._jwt}
        if request.method != "POST" or kind not in checks:
            return _refused("unsupported_grant_type", "grant type not supported")
        if (refused := checks[kind](form)) is not None:
            return refused
        told = {
            "access_token": self.opened(), "signature": "bG9vcGJhY2s=", "scope": "api", "instance_url": f"https://{self.instance}",
            "id": "https://login.salesforce.com/id/00DQy00000LOOPBMAC/005Qy00000LOOPBIAS", "token_type": "Bearer", "issued_at": "1793000000000",
        }  # fmt: skip
        return json_reply(200, told)

    def _client(self, form: Mapping[str, str]) -> Reply | None:
        if self._differs(client_id=form.get("client_id")):
            return _refused("invalid_client_id", "client identifier invalid")
        if self._differs(client_secret=form.get("client_secret")):
            return _refused("invalid_client", "invalid client credentials")
        return None

    def _password(self, form: Mapping[str, str]) -> Reply | None:
        told = form.get("password", "").removesuffix(self.known.get("security_token", ""))
        if self._differs(username=form.get("username"), password=told):
            return _refused("invalid_grant", "authentication failure")
        return self._client(form)

    def _jwt(self, form: Mapping[str, str]) -> Reply | None:
        """Check signature, audience, issuer, subject and time of an assertion."""
        audiences = ["https://login.salesforce.com", "https://test.salesforce.com", f"https://{self.instance}"]
        try:
            options = {} if "public_key" in self.known else {"verify_signature": False}
            told = jwt.decode(
                form.get("assertion", ""),
                self.known.get("public_key", ""),
                algorithms=["RS256"],
                audience=audiences,
                options=options,
            )
        except jwt.ExpiredSignatureError:
            return _refused("invalid_grant", "expired authorization code")
        except jwt.InvalidAudienceError:
            return _refused("invalid_grant", "audience is invalid")
        except jwt.PyJWTError:
            return _refused("invalid_grant", "invalid assertion")
        if self._differs(client_id=told.get("iss")):
            return _refused("invalid_client_id", "client identifier invalid")
        if self._differs(username=told.get("sub")):
            return _refused("invalid_grant", "user hasn't approved this consumer")
        return None

    def soap_reply(self, request: Request) -> Reply:
        """``/services/Soap/u/VERSION``: login with password and token, gone from 65.0 on."""
        version = float(request.path.rstrip("/").rpartition("/")[2])
        if version >= NO_SOAP_FROM:
            return _fault("UNSUPPORTED_API_VERSION", f"SOAP API login() is not available in API version {version}.")
        body = request.body.decode()
        username, secret = (
            unescape(found.group(1)) if (found := re.search(rf"<\w+:{tag}>(.*?)</\w+:{tag}>", body, re.DOTALL)) else ""
            for tag in ("username", "password")
        )
        expected = self.known.get("password", "") + self.known.get("security_token", "")
        if self._differs(username=username) or ("password" in self.known and secret != expected):
            return _fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
        told = f"<loginResponse><result><serverUrl>https://{self.instance}/services/Soap/u/{version}/00DQy00000LOOPB</serverUrl><sessionId>{self.opened()}</sessionId></result></loginResponse>"
        return Reply(200, ENVELOPE.format(told).encode(), content_type="text/xml; charset=utf-8")


def _refused(error: str, description: str) -> Reply:
    return json_reply(400, {"error": error, "error_description": description})


def _fault(code: str, text: str) -> Reply:
    told = f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {escape(text)}</faultstring><detail><sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{escape(text)}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>"
    return Reply(500, ENVELOPE.format(told).encode(), content_type="text/xml; charset=utf-8")
