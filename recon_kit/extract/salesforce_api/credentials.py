"""With what to log in at Salesforce: three ways, each a set of environment variables."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

API_VERSION = "65.0"
LAST_VERSION_WITH_TOKENS = "64.0"
"""User name, password and token log in through an interface that API 65.0 no longer has."""

DOMAIN, CLIENT_ID, CLIENT_SECRET = "SALESFORCE_DOMAIN", "SALESFORCE_CLIENT_ID", "SALESFORCE_CLIENT_SECRET"
USERNAME, PRIVATE_KEY_FILE = "SALESFORCE_USERNAME", "SALESFORCE_PRIVATE_KEY_FILE"
PASSWORD, SECURITY_TOKEN = "SALESFORCE_PASSWORD", "SALESFORCE_SECURITY_TOKEN"
BASE_URL = "RECON_SALESFORCE_BASE_URL"
SECRETS = (CLIENT_ID, CLIENT_SECRET, USERNAME, PASSWORD, SECURITY_TOKEN)
"""Variables whose values are written nowhere: they are secret, or name a person."""

CLIENT_CREDENTIALS, JWT, TOKEN = "client credentials", "JWT", "user name, password and token"
WAYS: Mapping[str, tuple[str, ...]] = {
    CLIENT_CREDENTIALS: (DOMAIN, CLIENT_ID, CLIENT_SECRET),
    JWT: (USERNAME, CLIENT_ID, PRIVATE_KEY_FILE),
    TOKEN: (USERNAME, PASSWORD, SECURITY_TOKEN),
}
"""Ways to log in, the preferred first, and the variables that each needs."""

_COMMON_DOMAINS = ("login", "test")
_SUFFIX = ".salesforce.com"


@dataclass(frozen=True)
class Credentials:
    """One complete way to log in.

    Attributes:
        way: one of ``WAYS``.
        arguments: what the library's client is made with; never shown.
        api_version: the version that this way can use.
    """

    way: str
    arguments: Mapping[str, str] = field(repr=False)
    api_version: str = API_VERSION


def credentials(environment: Mapping[str, str]) -> Credentials:
    """Choose the first way to log in that the environment has all variables of.

    Raises:
        SettingsError: there is none, the domain does not fit, or the private key cannot be read; the message names
            variables, never values.
    """
    given = {name: value for name, value in environment.items() if value.strip()}
    way = next((way for way, names in WAYS.items() if all(name in given for name in names)), None)
    if way is None:
        raise SettingsError(_lacking(given))
    domain = _domain(given.get(DOMAIN, ""))
    if way == CLIENT_CREDENTIALS:
        return Credentials(way, _as_client(given, domain))
    if way == JWT:
        return Credentials(way, _as_signer(given, domain))
    warnings.warn(RETIRED, FutureWarning, stacklevel=2)
    names = {"username": USERNAME, "password": PASSWORD, "security_token": SECURITY_TOKEN}
    arguments = {argument: given[name] for argument, name in names.items()} | {"domain": domain or _COMMON_DOMAINS[0]}
    return Credentials(way, arguments, LAST_VERSION_WITH_TOKENS)


RETIRED = (
    f"Salesforce retires the login by {TOKEN} with the Summer '27 release; it works up to API version "
    f"{LAST_VERSION_WITH_TOKENS} only. Set {', '.join(WAYS[CLIENT_CREDENTIALS])} (client credentials) or "
    f"{', '.join(WAYS[JWT])} (JWT) instead."
)
"""What a login by token is told."""


def missing_variables(environment: Mapping[str, str]) -> dict[str, list[str]]:
    """List, for each way to log in, the variables that are not set."""
    given = {name for name, value in environment.items() if value.strip()}
    return {way: [name for name in names if name not in given] for way, names in WAYS.items()}


def _lacking(given: Mapping[str, str]) -> str:
    missing = missing_variables(given)
    lines = [f"  - {way}: {', '.join(missing[way])} not set" for way in (CLIENT_CREDENTIALS, JWT)]
    return "\n".join(
        ["Salesforce cannot be reached without credentials in the environment. Set all variables of one way:", *lines]
    )


def _domain(given: str) -> str:
    """Bring a domain into the library's form: ``acme.my`` for ``https://acme.my.salesforce.com/``."""
    host = re.sub(r"^https?://", "", given.strip(), flags=re.IGNORECASE).split("/")[0]
    return host[: -len(_SUFFIX)] if host.lower().endswith(_SUFFIX) else host


def _as_client(given: Mapping[str, str], domain: str) -> dict[str, str]:
    if domain in _COMMON_DOMAINS:
        raise SettingsError(
            f"{DOMAIN} is {domain!r}, but {CLIENT_CREDENTIALS} need the org's own domain: set it to the part before "
            f"{_SUFFIX} of the org's My Domain, such as acme.my or acme--uat.sandbox.my."
        )
    return {"consumer_key": given[CLIENT_ID], "consumer_secret": given[CLIENT_SECRET], "domain": domain}


def _as_signer(given: Mapping[str, str], domain: str) -> dict[str, str]:
    """Sign for the common login host; the token itself comes from the org's own domain where one is given.

    Reference:
        Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration": the audience is
        login.salesforce.com, or test.salesforce.com for a sandbox.
    """
    arguments = {"username": given[USERNAME], "consumer_key": given[CLIENT_ID], "privatekey": _key(given)}
    if not domain or domain in _COMMON_DOMAINS:
        return arguments | {"domain": domain or _COMMON_DOMAINS[0]}
    is_sandbox = ".sandbox" in domain.lower()
    return arguments | {"domain": _COMMON_DOMAINS[is_sandbox], "instance_url": domain}


def _key(given: Mapping[str, str]) -> str:
    try:
        return Path(given[PRIVATE_KEY_FILE]).expanduser().read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(
            f"The file that {PRIVATE_KEY_FILE} names cannot be read ({type(fault).__name__}). It must be the private "
            "key in PEM form that belongs to the certificate of the connected app."
        ) from None
