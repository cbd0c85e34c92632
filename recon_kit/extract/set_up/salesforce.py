"""Is Salesforce set up? Credentials, login, every object and mapped field, what is left of the day's requests."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from simple_salesforce.exceptions import SalesforceError

from recon_kit.extract.pulling.faults import PullStopped
from recon_kit.extract.pulling.retrying import TriesExhausted
from recon_kit.extract.salesforce_api.asking import Asking
from recon_kit.extract.salesforce_api.credentials import BASE_URL, WAYS
from recon_kit.extract.salesforce_api.describing import describe_org
from recon_kit.extract.salesforce_api.faults import words_of
from recon_kit.extract.salesforce_api.fields import unread_keys
from recon_kit.extract.salesforce_api.limits import RESERVE, limits_left
from recon_kit.extract.set_up.finding import QUICK, clock_finding, fault, note, ok
from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recon_kit.extract.salesforce_api.describing import Org
    from recon_kit.extract.salesforce_api.fields import Selection
    from recon_kit.extract.set_up.finding import Finding
    from recon_kit.field_map import FieldMap
    from recon_kit.params import Params
    from recon_kit.policy import Policy

WHERE = "Salesforce"


def salesforce_findings(params: Params, policy: Policy, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Check credentials, login, objects, fields, limits and clock; stops where nothing more can be asked."""
    try:
        with warnings.catch_warnings(record=True) as retiring:
            warnings.simplefilter("always")
            asking = Asking(environment, QUICK)
        yield from _credential_findings(asking, environment)
        yield from (note(WHERE, str(each.message)) for each in retiring)
        asking.ask(lambda session: session.client)
        yield ok(WHERE, f"logged in at {asking.session.org}")
        yield _mode_finding(asking, policy)
        overrides: FieldMap = {str(part): keys for part, keys in params.fields.items()}
        org = describe_org(asking, overrides)
        yield ok(WHERE, f"accepts API version {asking.session.api_version}")
        yield from _object_findings(asking, org, overrides)
        yield from _limit_findings(asking)
        yield clock_finding(WHERE, asking.session.server_time)
    except TriesExhausted as silent:
        yield fault(
            WHERE,
            f"no usable answer in {silent.attempts} tries ({silent}). Check the network, a proxy, the domain, and "
            "status.salesforce.com.",
        )
    except (PullStopped, SettingsError) as stopped:
        yield fault(WHERE, str(stopped))
    except SalesforceError as refused:
        yield fault(WHERE, f"refuses what every pull needs: {words_of(refused)}")


def _credential_findings(asking: Asking, environment: Mapping[str, str]) -> Iterator[Finding]:
    way = asking.session.credentials.way
    yield from (ok(WHERE, f"{name} is set") for name in WAYS[way])
    yield ok(WHERE, f"logs in by {way}")
    if environment.get(BASE_URL):
        yield note(WHERE, f"{BASE_URL} is set: requests do not go to Salesforce itself.")


def _mode_finding(asking: Asking, policy: Policy) -> Finding:
    kind = "a sandbox" if asking.session.is_sandbox else "a production org"
    if asking.session.is_sandbox == (policy.stripe_mode == "test"):
        return ok(WHERE, f"{kind}, as policy stripe_mode {policy.stripe_mode} wants")
    words = f"this is {kind}, but policy stripe_mode is {policy.stripe_mode}: the two hardly tell one story. "
    return note(WHERE, f"{words}Log in to the other org, or change stripe_mode, unless this is meant.")


def _object_findings(asking: Asking, org: Org, overrides: FieldMap) -> Iterator[Finding]:
    yield from (fault(WHERE, words) for words in org.faults)
    for name, reason in org.absent.items():
        if not any(name in words for words in org.faults):
            yield note(
                WHERE,
                f"{name}: this user does not see it ({reason}). If the org uses it, grant read access; what "
                "needs it is not tested until then.",
            )
    for name, selection in org.selections.items():
        yield _readable(asking, selection)
        lacking = unread_keys(selection, overrides)
        if lacking:
            listed = ", ".join(f"{key} ({' or '.join(names)})" for key, names in lacking.items())
            yield note(WHERE, f"{name}: no field for {listed}. Map those that the org has in params under fields.")


def _readable(asking: Asking, selection: Selection) -> Finding:
    name = selection.object_name
    try:
        asking.ask(lambda session: session.query(f"{selection.soql} LIMIT 1"))
        rows = asking.ask(lambda session: session.count(name))
    except SalesforceError as refused:
        return fault(WHERE, f"{name}: cannot be queried ({asking.clean(words_of(refused))}). Grant read access to it.")
    return ok(WHERE, f"{name} can be read: {len(selection.columns)} fields, {rows:,} rows")


def _limit_findings(asking: Asking) -> Iterator[Finding]:
    left = limits_left(asking)
    if not left:
        yield note(
            WHERE, "this user may not see the org's limits; a pull cannot tell beforehand whether it may finish."
        )
    for name, (remaining, most) in left.items():
        words = f"{remaining:,} of {most:,} {name} left for these 24 hours"
        if remaining < most * RESERVE:
            yield fault(WHERE, f"{words}; a pull leaves {RESERVE:.0%} to others. Run it later, or raise the allowance.")
        else:
            yield ok(WHERE, words)
