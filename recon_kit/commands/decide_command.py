"""The ``recon decide`` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recon_kit.commands.ending import faults_in_words
from recon_kit.commands.options import OfJournal, OfParams

decide = typer.Typer(
    no_args_is_help=True,
    help="Record what a person decided; the next close reads it. Needs `decisions:` in the params, or --journal.",
)

By = Annotated[str, typer.Option(help="who decides: a person's name")]
Reason = Annotated[str, typer.Option(help="why, in a sentence")]
OfClose = Annotated[Path, typer.Option("--close", metavar="DIR", help="the finished close that was looked at")]


@decide.command("link")
def decide_link(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Stripe customer id")],
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Salesforce account id, 15 or 18 characters")],
    by: By,
    reason: Reason,
    close: OfClose,
    *,
    confirm: Annotated[bool, typer.Option("--confirm", help="they are one: link them")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="they are not: do not propose this pair again")] = False,
    unsure: Annotated[bool, typer.Option("--unsure", help="cannot tell: keep it in review")] = False,
    params: OfParams = None,
    journal: OfJournal = None,
) -> None:
    """Decide whether a Stripe customer is a Salesforce account: exactly one of --confirm, --reject, --unsure.

    It holds until a name, address, e-mail or id of either changes; then it lapses, and the next close says so.
    """
    from recon_kit.commands import decide as deciding

    with faults_in_words():
        chosen = deciding.one_of(confirm=confirm, reject=reject, unsure=unsure)
        told = deciding.decide_link(customer, account, deciding.Deciding(chosen, by, reason, close, params, journal))
    typer.echo("\n".join(told))


@decide.command("gap")
def decide_gap(
    gap_id: Annotated[str, typer.Argument(metavar="GAP_ID", help="such as gap_3f2a…, on page 4 of the close")],
    by: By,
    reason: Reason,
    close: OfClose,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="it is a gap: correct it as suggested")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="it is none: both systems may differ here")] = False,
    resolved: Annotated[bool, typer.Option("--resolved", help="it was corrected; records will show it")] = False,
    needs_info: Annotated[bool, typer.Option("--needs-info", help="ask somebody first; it stays open")] = False,
    params: OfParams = None,
    journal: OfJournal = None,
) -> None:
    """Decide on a gap: exactly one of --accept, --reject, --resolved, --needs-info.

    It holds until an amount, a date or a record of the gap changes; then it lapses, and the next close says so.
    """
    from recon_kit.commands import decide as deciding

    with faults_in_words():
        chosen = deciding.one_of(accept=accept, reject=reject, resolved=resolved, needs_info=needs_info)
        told = deciding.decide_gap(gap_id, deciding.Deciding(chosen, by, reason, close, params, journal))
    typer.echo("\n".join(told))


@decide.command("event")
def decide_event(
    event_id: Annotated[str, typer.Argument(metavar="ID", help="of a discount, credit note or amendment, on page 8")],
    by: By,
    reason: Reason,
    close: OfClose,
    *,
    approve: Annotated[bool, typer.Option("--approve", help="it was agreed: let it stand")] = False,
    decline: Annotated[bool, typer.Option("--decline", help="it was not: have it taken back")] = False,
    params: OfParams = None,
    journal: OfJournal = None,
) -> None:
    """Approve or decline a billing event that is not standard: exactly one of --approve, --decline.

    It holds until the event's terms or values change; then it lapses, and the event waits again.
    """
    from recon_kit.commands import decide as deciding

    with faults_in_words():
        chosen = deciding.one_of(approve=approve, decline=decline)
        told = deciding.decide_event(event_id, deciding.Deciding(chosen, by, reason, close, params, journal))
    typer.echo("\n".join(told))


@decide.command("list")
def decide_list(params: OfParams = None, journal: OfJournal = None) -> None:
    """Verify a journal and tell every decision in it, oldest first. Exit 1: a line was changed; says which."""
    from recon_kit.commands import decide as deciding

    with faults_in_words():
        told = deciding.listed_decisions(deciding.journal_of(None, params, journal))
    typer.echo("\n".join(told))


@decide.command("repair")
def decide_repair(params: OfParams = None, journal: OfJournal = None) -> None:
    """After an interrupted run: set a half-written last line aside and bring the head up to date; nothing else."""
    from recon_kit.commands import decide as deciding

    with faults_in_words():
        told = deciding.repaired(deciding.journal_of(None, params, journal))
    typer.echo(told)
