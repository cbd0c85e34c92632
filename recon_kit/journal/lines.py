"""Lines: one decision a line, written in one way only, each naming the hash of the line before."""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from recon_kit.artifacts import digest_bytes
from recon_kit.policy import SettingsError

FIRST = "0" * 64
"""What the first line names as the hash of the line before."""

LONGEST_NAME, LONGEST_REASON, LONGEST_ID = 200, 2000, 255
"""Characters of ``by``, of ``reason`` and of an id; longer ones are refused, not cut."""

_DIGEST = r"^[0-9a-f]{64}$"
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


def plain_text(text: str) -> str:
    """Fold a person's text to one line: Unicode NFC, every run of spaces, line breaks and controls one space."""
    shown = "".join(" " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in text)
    return " ".join(unicodedata.normalize("NFC", shown).split())


def _is_plain(text: str) -> str:
    if text != plain_text(text):
        message = "must be one line without control characters or doubled spaces"
        raise ValueError(message)
    return text


def _is_instant(text: str) -> str:
    dt.datetime.strptime(text, _INSTANT)  # noqa: DTZ007  (the Z of the format is the zone)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", text):
        message = "must be a UTC time such as 2026-11-03T09:12:44Z"
        raise ValueError(message)
    return text


Digest = Annotated[str, Field(pattern=_DIGEST)]
Instant = Annotated[str, AfterValidator(_is_instant)]
Identifier = Annotated[str, Field(min_length=1, max_length=LONGEST_ID), AfterValidator(_is_plain)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LinkSubject(_Frozen):
    """A pair of a Stripe customer and a Salesforce account."""

    kind: Literal["link"] = "link"
    customer_id: Identifier
    account_id: Identifier


class GapSubject(_Frozen):
    """A gap."""

    kind: Literal["gap"] = "gap"
    gap_id: Identifier


class EventSubject(_Frozen):
    """A billing event that waits for an approval."""

    kind: Literal["event"] = "event"
    event_id: Identifier


Subject = LinkSubject | GapSubject | EventSubject


class Basis(_Frozen):
    """The close whose tables the person saw."""

    as_of: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    manifest: Digest


class Entry(_Frozen):
    """What a person decided, before it has its place in the journal.

    Attributes:
        at: when, UTC.
        by: who.
        subject: what is decided on.
        decision: a link's ``confirm``, ``reject``, ``unsure``; a gap's ``accept``, ``reject``, ``resolved``,
            ``needs_info``; an event's ``approve``, ``decline``.
        before: state of the subject in the close that was looked at.
        after: state that the decision gives it.
        reason: why.
        close: the close that was looked at.
        evidence: SHA-256 of what the decision rests on, see :mod:`recon_kit.journal.evidence`.
        evidence_fields: the first twelve digits of the SHA-256 of each field of it, to tell later which one changed.
    """

    at: Instant
    by: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_is_plain)]
    subject: Subject = Field(discriminator="kind")
    decision: Literal["confirm", "reject", "unsure", "accept", "resolved", "needs_info", "approve", "decline"]
    before: dict[str, str | None]
    after: dict[str, str | None]
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON), AfterValidator(_is_plain)]
    close: Basis
    evidence: Digest
    evidence_fields: dict[str, str]

    @model_validator(mode="after")
    def _fits_its_subject(self) -> Self:
        if self.decision not in ALLOWED[self.subject.kind]:
            allowed = ", ".join(ALLOWED[self.subject.kind])
            message = f"a {self.subject.kind} cannot be decided {self.decision!r}; it can be {allowed}"
            raise ValueError(message)
        return self

    def contradicts(self, other: Entry) -> bool:
        """Whether somebody else decided otherwise on the same evidence."""
        return self.by != other.by and self.decision != other.decision and self.evidence == other.evidence


ALLOWED: dict[str, tuple[str, ...]] = {
    "link": ("confirm", "reject", "unsure"),
    "gap": ("accept", "reject", "resolved", "needs_info"),
    "event": ("approve", "decline"),
}
"""The decisions that each kind of subject can be given."""


class Decision(Entry):
    """One line of the journal: an entry in its place.

    Attributes:
        version: of this layout; a line of a later one is refused, never half understood.
        sequence: 1 for the first line, then one more a line.
        previous: SHA-256 of the line before, without its line break; 64 zeros for the first.
        signature: Ed25519 over the line without it, in base64; a line that is not signed has no such field.
    """

    version: Literal[1] = 1
    sequence: int = Field(ge=1)
    previous: Digest
    signature: str | None = Field(default=None, pattern=r"^[A-Za-z0-9+/]{86}==$")


def signed_content(decision: Decision) -> bytes:
    """Write what a signature is over: the line without it."""
    return canonical(decision.model_dump(mode="json", exclude={"signature"}))


def encode(decision: Decision) -> bytes:
    """Write a decision in the one way it is written: JSON, keys sorted, no spaces, UTF-8, without line break."""
    return signed_content(decision) if decision.signature is None else canonical(decision.model_dump(mode="json"))


def canonical(content: dict[str, Any]) -> bytes:
    """Write JSON on one line so that equal content gives equal bytes."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decode(line: bytes) -> Decision:
    """Read a line.

    Raises:
        ValueError: it is no decision, or is not written as :func:`encode` writes it; the message says what is wrong.
    """
    try:
        decision = Decision.model_validate(json.loads(line.decode()))
    except ValidationError as faults:
        first = faults.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise ValueError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from faults
    except UnicodeDecodeError as fault:
        raise ValueError(f"it is no UTF-8 from byte {fault.start + 1} on") from fault
    except json.JSONDecodeError as fault:
        raise ValueError(f"it is no JSON: {fault.msg} at character {fault.pos + 1}") from fault
    except (ValueError, RecursionError) as fault:
        raise ValueError(f"it is no JSON: {fault}") from fault
    if encode(decision) != line:
        raise ValueError("it is not written as the journal writes its lines (keys sorted, no spaces)")
    return decision


def digest(line: bytes) -> str:
    """Return the SHA-256 of a line without its line break."""
    return digest_bytes(line)


def required_text(text: str, *, name: str, longest: int) -> str:
    """Take what a person typed as ``by`` or ``reason``.

    Raises:
        SettingsError: nothing is left of it, it is too long, or it is no Unicode text.
    """
    try:
        text.encode()
    except UnicodeEncodeError as fault:
        raise SettingsError(f"--{name} holds bytes that are no text. Write it in UTF-8.") from fault
    plain = plain_text(text)
    if not plain:
        raise SettingsError(f"--{name} is empty. A decision needs who made it (--by) and why (--reason).")
    if len(plain) > longest:
        raise SettingsError(f"--{name} has {len(plain)} characters, more than {longest}. Write it shorter.")
    return plain
