"""Decide: record what a person decided on a link, a gap or an event of a close, on the evidence its tables hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from recon_kit import clock, journal
from recon_kit.artifacts import MANIFEST, CloseFolder, digest_file
from recon_kit.params import read_params
from recon_kit.policy import SettingsError
from recon_kit.runner.manifest import params_of_close, read_json
from recon_kit.salesforce_id import long_id


@dataclass(frozen=True)
class Deciding:
    """Who decides, why, on which close, and where it is written.

    Attributes:
        decision: a link's ``confirm``, ``reject``, ``unsure``; a gap's ``accept``, ``reject``, ``resolved``,
            ``needs_info``; an event's ``approve``, ``decline``.
        by: who.
        reason: why.
        close: a finished close folder.
        params: the params file whose ``decisions`` names the journal; none: that of the close.
        journal: the journal itself, before any params.
    """

    decision: str
    by: str
    reason: str
    close: Path
    params: Path | None = None
    journal: Path | None = None


def one_of(**asked: bool) -> str:
    """Take the one option that was given.

    Raises:
        SettingsError: none was given, or several.
    """
    given = [name for name, is_given in asked.items() if is_given]
    if len(given) != 1:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in asked)
        raise SettingsError(f"Give exactly one of {options}; {len(given) or 'none'} given.")
    return given[0]


AFTER_LINK = {"confirm": "linked", "reject": "not this account", "unsure": "review"}
AFTER_GAP = {"accept": "accepted", "reject": "rejected", "resolved": "resolved", "needs_info": "open"}
AFTER_EVENT = {"approve": "approved", "decline": "declined"}
"""What each decision makes of a link, a gap, an event."""


def decide_link(customer_id: str, account_id: str, deciding: Deciding) -> list[str]:
    """Record a decision about whether a Stripe customer is a Salesforce account.

    Returns:
        What was recorded, in sentences.

    Raises:
        SettingsError: the close, the customer or the account is unknown, the account is deleted, the text is unusable,
            or the journal does not verify.
    """
    close = _finished(deciding.close)
    pair = pl.DataFrame({"customer_id": [customer_id], "account_id": [account_id]})
    customers, accounts = close.read_table("customers").collect(), close.read_table("accounts").collect()
    found = journal.link_evidence(pair, customers, accounts)
    if found.is_empty():
        raise SettingsError(_unknown_pair(customer_id, account_id, customers, accounts, close))
    now = found.row(0, named=True)
    if now["is_deleted"] and deciding.decision == "confirm":
        raise SettingsError(f"Account {account_id} is deleted or was merged into another: confirm that one instead.")
    link = close.read_table("links").filter(pl.col("customer_id") == customer_id).collect().row(0, named=True)
    before = {"status": link["status"], "account_id": link["account_id"], "method": link["method"]}
    after = {"status": AFTER_LINK[deciding.decision], "account_id": now["account_id"], "method": "decision"}
    subject = journal.LinkSubject(customer_id=customer_id, account_id=now["account_id"])
    told = f"{deciding.decision} that customer {customer_id} is account {now['account_id']}"
    return _record(deciding, close, subject, told, before=before, after=after, now=now)


def decide_gap(gap_id: str, deciding: Deciding) -> list[str]:
    """Record a decision about a gap.

    Returns:
        What was recorded, in sentences.

    Raises:
        SettingsError: the close or the gap is unknown, the text is unusable, or the journal does not verify.
    """
    close = _finished(deciding.close)
    gaps = close.read_table("gaps").filter(pl.col("gap_id") == gap_id).collect()
    if gaps.is_empty():
        raise SettingsError(f"{gap_id} is no gap of {close.path.name}. `recon explain ID DIR` tells a record's gaps.")
    contracts, subscriptions = close.read_table("contracts").collect(), close.read_table("subscriptions").collect()
    now = journal.gap_evidence(gaps, contracts, subscriptions).row(0, named=True)
    gap = gaps.row(0, named=True)
    before, after = {"state": gap["state"]}, {"state": AFTER_GAP[deciding.decision]}
    told = f"{deciding.decision} {gap['family']} {gap_id}"
    is_early = gap["state"] in {"in_window", "timing"}
    waits = [f"The gap is still {gap['state']}; the decision counts once it is open."] if is_early else []
    subject = journal.GapSubject(gap_id=gap_id)
    return [*_record(deciding, close, subject, told, before=before, after=after, now=now), *waits]


def decide_event(event_id: str, deciding: Deciding) -> list[str]:
    """Record the approval of a billing event, or that it is declined.

    Returns:
        What was recorded, in sentences.

    Raises:
        SettingsError: the close or the event is unknown, the text is unusable, or the journal does not verify.
    """
    close = _finished(deciding.close)
    events = close.read_table("approvals").filter(pl.col("event_id") == event_id).collect()
    if events.is_empty():
        raise SettingsError(f"{event_id} is no event of {close.path.name} that needs an approval; page 8 lists them.")
    now, event = journal.event_evidence(events).row(0, named=True), events.row(0, named=True)
    before, after = {"status": event["status"]}, {"status": AFTER_EVENT[deciding.decision]}
    told = f"{deciding.decision} {event['kind'].replace('_', ' ')} {event_id}"
    subject = journal.EventSubject(event_id=event_id)
    return _record(deciding, close, subject, told, before=before, after=after, now=now)


def _record(
    deciding: Deciding,
    close: CloseFolder,
    subject: journal.Subject,
    told: str,
    *,
    before: Mapping[str, str | None],
    after: Mapping[str, str | None],
    now: dict[str, object],
) -> list[str]:
    file, told_first = journal_of(close, deciding.params, deciding.journal), list[str]()
    by = journal.required_text(deciding.by, name="by", longest=journal.LONGEST_NAME)
    reason = journal.required_text(deciding.reason, name="reason", longest=journal.LONGEST_REASON)
    entry = _entry(deciding.decision, by, reason, close, subject=subject, before=before, after=after, now=now)
    contradicted = list[str]()

    def decided(known: journal.Journal) -> journal.Entry:
        made = entry()
        contradicted.extend(_contradicted(made, known.decisions))
        return made

    anchors = journal.anchors_of_closes([close.path])
    kept = journal.append(file, decided, anchors, on_interrupted=told_first.append)
    return [
        *told_first,
        f"Decision {kept.sequence} recorded in {file.name}: {told}, by {by}. It counts from the next close on.",
        *contradicted,
    ]


def _contradicted(made: journal.Entry, decisions: Sequence[journal.Decision]) -> Iterator[str]:
    """Say which earlier decisions a new one contradicts, as the next close will list them."""
    latest = {one.subject: one for one in decisions}
    same = latest.get(made.subject)
    if same and made.contradicts(same):
        yield (
            f"It contradicts decision {same.sequence} ({same.decision} by {same.by}) on the same evidence; the later "
            "one stands."
        )
    if not isinstance(made.subject, journal.LinkSubject) or made.decision != "confirm":
        return
    for subject, one in latest.items():
        is_same_customer = isinstance(subject, journal.LinkSubject) and subject.customer_id == made.subject.customer_id
        if is_same_customer and subject != made.subject and one.decision == "confirm":
            yield (
                f"Decision {one.sequence} (by {one.by}) confirms this customer to another account: neither counts "
                "until one of the two is rejected."
            )


def _entry(
    decision: str,
    by: str,
    reason: str,
    close: CloseFolder,
    *,
    subject: journal.Subject,
    before: Mapping[str, str | None],
    after: Mapping[str, str | None],
    now: dict[str, object],
) -> Callable[[], journal.Entry]:
    """Give the decision its time when it is written, not when it was asked for."""
    fields = now["evidence_fields"]
    said = {
        "by": by,
        "subject": subject,
        "decision": decision,
        "before": dict(before),
        "after": dict(after),
        "reason": reason,
        "close": _basis(close),
        "evidence": now["evidence"],
        "evidence_fields": dict(part.split("=", 1) for part in fields) if isinstance(fields, list) else {},
    }
    return lambda: journal.Entry.model_validate({**said, "at": clock.stamp()})


def _basis(close: CloseFolder) -> journal.Basis:
    manifest = close.path / MANIFEST
    return journal.Basis(as_of=read_json(manifest)["as_of"], manifest=digest_file(manifest))


def _finished(folder: Path) -> CloseFolder:
    close = CloseFolder(folder.resolve())
    if not close.is_finished:
        raise SettingsError(f"{folder} is no finished close: it has no {MANIFEST}. Give the folder of a close.")
    return close


def journal_of(close: CloseFolder | None, params: Path | None, named: Path | None) -> Path:
    """Find the journal: the one named, else that of the params, else that of the params the close was run with.

    Raises:
        SettingsError: nothing names one.
    """
    if named is not None:
        return named.resolve()
    file = params or _params_of(close)
    settings = read_params(file)
    if settings.decisions is None:
        raise SettingsError(
            f"{file} names no journal. Add the line `decisions: ../data/decisions.jsonl` to it (relative to the file), "
            "so that the next close reads it, or name one with --journal."
        )
    return settings.resolve(settings.decisions)


def _params_of(close: CloseFolder | None) -> Path:
    file = params_of_close(close.path) if close else None
    if file is None:
        raise SettingsError("Nothing says where the decision journal is. Give --params or --journal.")
    if not file.is_file():
        raise SettingsError(f"The params file of this close is gone ({file.name}). Give --params or --journal.")
    return file


def _unknown_pair(
    customer_id: str, account_id: str, customers: pl.DataFrame, accounts: pl.DataFrame, close: CloseFolder
) -> str:
    missing = [] if customer_id in set(customers["customer_id"]) else [f"{customer_id} is no Stripe customer"]
    keys = accounts.select(key=long_id(pl.col("account_id")))["key"]
    wanted = pl.select(long_id(pl.lit(account_id))).item()
    missing += [] if wanted in set(keys) else [f"{account_id} is no Salesforce account"]
    return f"{' and '.join(missing)} of {close.path.name}. The order is CUSTOMER ACCOUNT; page 3 lists both."


def listed_decisions(file: Path) -> list[str]:
    """Tell every decision of a journal in words, oldest first, after the journal was verified.

    Raises:
        SettingsError: it does not verify.
    """
    known = journal.read_journal(file)
    latest = {decision.subject: decision.sequence for decision in known.decisions}
    lines = [_told(decision, is_latest=latest[decision.subject] == decision.sequence) for decision in known.decisions]
    return [*lines, f"{len(lines)} decision(s); every hash agrees with the line after it and with the head."]


def _told(decision: journal.Decision, *, is_latest: bool) -> str:
    about = " = ".join(value for name, value in decision.subject.model_dump().items() if name != "kind")
    later = "" if is_latest else " (a later one is about the same)"
    head = f"{decision.sequence}  {decision.at}  {decision.by}: {decision.decision} {decision.subject.kind} {about}"
    return f"{head}: {decision.reason}{later}"


def repaired(file: Path) -> str:
    """Set a half-written last line aside and bring the head up to date; say what was done.

    Raises:
        SettingsError: the journal has another fault.
    """
    return journal.repair(file) or f"{file.name} needs no repair."
