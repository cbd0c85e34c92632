"""Is Stripe set up? The key, its mode, and a list of one object for every permission."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from recon_kit.extract.pulling.retrying import TriesExhausted
from recon_kit.extract.set_up.finding import QUICK, clock_finding, fault, note, ok
from recon_kit.extract.stripe_api.catalogue import LISTS
from recon_kit.extract.stripe_api.client import (
    ADDRESS,
    API_VERSION,
    KEY,
    NoPermission,
    NotThere,
    StripeApi,
    requests_per_second,
)
from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recon_kit.extract.set_up.finding import Finding
    from recon_kit.extract.stripe_api.catalogue import StripeList
    from recon_kit.policy import Policy

WHERE = "Stripe"


def stripe_findings(policy: Policy, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Check key, mode, reach, the permission of every list, pace and clock; stops where nothing more can be asked."""
    try:
        connected = StripeApi(environment, policy, workers=1, patience=QUICK)
    except SettingsError as refused:
        yield fault(WHERE, str(refused))
        return
    with connected as api:
        yield ok(WHERE, f"{KEY} is set and is a {api.mode} key, as policy stripe_mode wants")
        if environment.get(ADDRESS):
            yield note(WHERE, f"{ADDRESS} is set: requests do not go to Stripe itself.")
        try:
            findings = [_readable(api, each) for each in LISTS]
        except (SettingsError, TriesExhausted) as stopped:
            yield fault(WHERE, _unreachable(stopped))
            return
        yield ok(WHERE, f"reachable, and accepts API version {API_VERSION}")
        yield from findings
        yield ok(
            WHERE, f"at most {requests_per_second(policy):g} requests a second (policy stripe_requests_per_second)"
        )
        yield clock_finding(WHERE, api.server_time)


def _readable(api: StripeApi, one: StripeList) -> Finding:
    query: dict[str, Any] = dict(one.query) | ({} if one.name == "balance" else {"limit": 1})
    try:
        told = api.get(one.path, query, json.loads)
    except NoPermission as refused:
        return fault(WHERE, f"{one.name}: the key may not read them. Give it the permission; Stripe says: {refused}")
    except NotThere as absent:
        return note(WHERE, f"{one.name}: not in this account or API version ({absent}); what needs them is not tested.")
    strays = [each for each in (told.get("data") or [told]) if each.get("livemode") not in {None, api.mode == "live"}]
    if strays:
        return fault(WHERE, f"{one.name}: {strays[0].get('id')} is not of {api.mode} mode. Use the other key.")
    return ok(WHERE, f"{one.name} can be read")


def _unreachable(stopped: Exception) -> str:
    if isinstance(stopped, TriesExhausted):
        silence = f"no usable answer in {stopped.attempts} tries ({stopped})"
        return f"{silence}. Check the network, a proxy, and status.stripe.com."
    return str(stopped)
