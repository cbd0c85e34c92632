"""How many requests the org has left today, and whether a pull may use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simple_salesforce.exceptions import SalesforceError

from recon_kit.extract.pulling.faults import PullStopped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon_kit.extract.salesforce_api.asking import Asking

REQUESTS, BULK_JOBS = "DailyApiRequests", "DailyBulkV2QueryJobs"
RESERVE = 0.1
"""Share of the daily allowance that a pull leaves to others."""

Left = tuple[int, int]
"""What is left, and what there is in all."""


def limits_left(asking: Asking) -> dict[str, Left]:
    """Ask what the org has left; empty where this user may not know."""
    try:
        told = asking.ask(lambda session: session.get("limits"))
    except SalesforceError:
        return {}
    named = {name: told.get(name) for name in (REQUESTS, BULK_JOBS)}
    return {
        name: (int(limit["Remaining"]), int(limit["Max"]))
        for name, limit in named.items()
        if isinstance(limit, dict) and {"Remaining", "Max"} <= limit.keys()
    }


def require_requests(left: Mapping[str, Left], needed: int) -> None:
    """Stop before a pull that would use up what others need.

    Raises:
        PullStopped: says what is left, what is needed, what to do.
    """
    if REQUESTS not in left:
        return
    remaining, most = left[REQUESTS]
    if remaining - needed < most * RESERVE:
        raise PullStopped(
            f"Salesforce has {remaining:,} of {most:,} API requests left for these 24 hours; this pull needs about "
            f"{needed:,} and leaves {RESERVE:.0%} to others. Run it later, when other integrations are quiet, or raise "
            "the allowance."
        )
