"""Which systems are asked: those of kind api."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon_kit.schemas.raw import SALESFORCE, STRIPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recon_kit.extract.set_up.finding import Finding
    from recon_kit.params import Params
    from recon_kit.policy import Policy


def system_findings(params: Params, policy: Policy, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Check each system that is pulled from: credentials, reach, permissions, fields, limits, clock.

    Args:
        params: which systems are of kind api.
        policy: mode and pace.
        environment: credentials and addresses; values are never told.
    """
    if getattr(params.source, STRIPE).kind == "api":
        from recon_kit.extract.set_up.stripe import stripe_findings  # noqa: PLC0415  (SDKs are slow to load)

        yield from stripe_findings(policy, environment)
    if getattr(params.source, SALESFORCE).kind == "api":
        from recon_kit.extract.set_up.salesforce import salesforce_findings  # noqa: PLC0415

        yield from salesforce_findings(params, policy, environment)
