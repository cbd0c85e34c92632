"""Raw files as a complete pull would write them: what the servers serve after some changes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .salesforce_company import SalesforceCompany
from .stripe_company import StripeCompany

Operation = Mapping[str, Any]


def write_as_served(
    folder: Path | str,
    out: Path | str,
    *,
    stripe: Sequence[Operation] = (),
    salesforce: Sequence[Operation] = (),
    livemode: bool = True,
    now: float = 0,
) -> None:
    """Write ``stripe/`` and ``salesforce/`` of a raw folder as the servers give them after these changes.

    Objects of the other mode, repeated rows and the counts of embedded lists are gone; ``now`` stands for the server's
    clock in changes that carry no ``at``.
    """
    billing, crm = StripeCompany(folder, livemode=livemode), SalesforceCompany(folder)
    for operation in stripe:
        billing.change(operation, int(now))
    for operation in salesforce:
        crm.change(operation, now)
    billing.write(out)
    crm.write(out)
