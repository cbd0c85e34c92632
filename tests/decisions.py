"""Journals made by hand: decisions about drawn pairs and gaps, appended the way the product appends them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recon_kit import journal


def entry(subject: journal.LinkSubject | journal.GapSubject, decision: str, **more: Any) -> journal.Entry:
    """A decision by Ann; ``more`` replaces what a test cares about."""
    usual = {
        "at": "2026-11-03T09:12:44Z", "by": "Ann Lee", "reason": "asked the owner", "before": {"status": "review"},
        "after": {"status": "decided"}, "close": journal.Basis(as_of="2026-10-31", manifest="ab" * 32),
        "evidence": "cd" * 32, "evidence_fields": {},
    }  # fmt: skip
    return journal.Entry.model_validate({**usual, "subject": subject, "decision": decision, **more})


def link(customer_id: str, account_id: str, decision: str, **more: Any) -> journal.Entry:
    """A decision about a pair."""
    return entry(journal.LinkSubject(customer_id=customer_id, account_id=account_id), decision, **more)


def gap(gap_id: str, decision: str, **more: Any) -> journal.Entry:
    """A decision about a gap."""
    return entry(journal.GapSubject(gap_id=gap_id), decision, **more)


def with_evidence(made: journal.Entry, current: dict[str, Any]) -> journal.Entry:
    """The same decision, resting on what a row of evidence says."""
    fields = dict(part.split("=", 1) for part in current["evidence_fields"])
    return made.model_copy(update={"evidence": current["evidence"], "evidence_fields": fields})


def written(folder: Path, *entries: journal.Entry) -> Path:
    """A journal with these decisions, in this order."""
    file = folder / "decisions.jsonl"
    for one in entries:
        journal.append(file, lambda _, one=one: one)
    return file


def frame_of(folder: Path, *entries: journal.Entry) -> Any:
    """The decisions as a close reads them."""
    return journal.decisions_frame(journal.read_journal(written(folder, *entries)).decisions)
