"""Hold what was pulled against what Stripe itself counts, where it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon_kit.extract.stripe_api.catalogue import BY_NAME, INVOICE_LINES, MORE_ITEMS
from recon_kit.extract.stripe_api.changes import single

if TYPE_CHECKING:
    from recon_kit.extract.pulling.snapshot_store import SnapshotStore

_COUNTED = (("invoices", "lines", INVOICE_LINES), ("subscriptions", "items", MORE_ITEMS))


def _counts(field: str) -> str:
    """Write the query for (id, told, here) of each object whose embedded list tells its length, by id."""
    rest = "select count(*) from records as rest where rest.object = ? and rest.parent = records.id"
    return (
        f"select id, json_extract(text, '$.{field}.total_count') as told, "  # noqa: S608  (our own words)
        f"json_array_length(text, '$.{field}.data') + ({rest}) from records "
        "where object = ? and instr(text, '\"total_count\"') > 0 and told is not null order by id"
    )


def check_counts(store: SnapshotStore) -> dict[str, int]:
    """Compare embedded lists with their ``total_count``, which API versions before 2026 give.

    An object whose list is short becomes a dead letter, so that the pull is incomplete and the next one asks again.

    Returns:
        What Stripe counts, by the name of the list, such as ``invoices.lines``; nothing where it does not count.
    """
    counted: dict[str, int] = {}
    for name, field, overflow in _COUNTED:
        short = []
        for identity, told, here in store.rows(_counts(field), overflow, name):
            counted[f"{name}.{field}"] = counted.get(f"{name}.{field}", 0) + told
            if told != here:
                short.append((identity, f"Stripe counts {told} {field} of {identity}, but lists {here}"))
        for identity, error in short:
            store.bury(single(BY_NAME[name], identity), error, 1)
    return counted
