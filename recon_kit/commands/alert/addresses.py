"""Addresses: can alerts go where the environment says? Nothing is sent, and no address is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from recon_kit import close
from recon_kit.commands.alert.sending import Receivers
from recon_kit.extract.set_up import Finding
from recon_kit.extract.set_up.finding import fault, note, ok
from recon_kit.policy import Policy

_WHERE = "alerts"


def address_findings(policy: Policy, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Look at the routes of a policy and at the variables of the environment that hold addresses of alerts."""
    receivers = Receivers(environment)
    routed = {variable for teams in policy.routes.values() for variable in teams.values()}
    known = routed | close.usual_variables()
    named = routed | {name for name in environment if name.startswith(close.ALERT_VARIABLE)}
    held = {name for name in named if receivers.has(name)}
    for name in close.unknown_routes(policy):
        yield fault(
            _WHERE, f"the policy routes {name!r}, which is no cause, family or kind of alert. Correct its name."
        )
    for name in sorted(routed - held):
        yield note(_WHERE, f"the policy routes to {name}, which is not set: those alerts are written, not sent.")
    for name in sorted(held & known):
        if refused := receivers.refusal(name):
            yield fault(_WHERE, f"{refused}. Correct it.")
        else:
            yield ok(_WHERE, f"{name} holds an address Apprise knows")
    for name in sorted(held - known):
        usual = ", ".join(sorted(known))
        yield note(_WHERE, f"{name} is set, but no route uses it; those that are used: {usual}.")
    if not named:
        yield ok(_WHERE, "no address is set: alerts are written to alerts.jsonl and sent to nobody")
