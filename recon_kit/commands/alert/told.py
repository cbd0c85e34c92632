"""Told: what a delivery says of itself; environment variables by name, never what they hold."""

from __future__ import annotations

from collections.abc import Iterator

from recon_kit.commands.alert.delivery import Outcome
from recon_kit.tables import count


def told(outcome: Outcome, *, dry_run: bool = False) -> list[str]:
    """Tell what was sent, what was not and why, and what has no address, in lines."""
    return list(_lines(outcome, dry_run=dry_run))


def _lines(outcome: Outcome, *, dry_run: bool) -> Iterator[str]:
    if dry_run:
        yield from (f"would be sent to {parcel.told}" for parcel in outcome.sent)
    for name in outcome.unknown_routes:
        yield f"The policy routes “{name}”, which is no cause, family or kind of alert: nothing goes there."
    for parcel, why in outcome.undelivered:
        yield f"undelivered: {why}. {parcel.alert['sentence']}"
    yield _summary(outcome, dry_run=dry_run)
    if outcome.undelivered:
        yield "What is undelivered is kept: the next close, or `recon alert DIR`, tries it again."
    if unset := sorted({(one.variable, " and ".join(one.teams)) for one in outcome.without_address}):
        named = ", ".join(f"{variable} ({teams})" for variable, teams in unset)
        yield f"Only written to alerts.jsonl, since no address is set: {named}."


def _summary(outcome: Outcome, *, dry_run: bool) -> str:
    done = "would be sent" if dry_run else "sent"
    parts = [
        f"{count(outcome.raised, 'alert')}: {count(len(outcome.sent), 'message')} {done}",
        f"{outcome.known} told before",
        f"{len(outcome.undelivered)} undelivered",
    ]
    held = f"; {count(outcome.waiting, 'alert waits', 'alerts wait')} for a link in review" if outcome.waiting else ""
    return ", ".join(parts) + held + "."
