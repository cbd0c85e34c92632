"""Sign a finished close: refuse what cannot be signed, fill the index page's block, write ``signature.json`` last."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock, Timeout

from recon_kit import clock, journal, tables
from recon_kit.artifacts import MANIFEST, PACK, SIGNATURE, CloseFolder, canonical_json, digest_file
from recon_kit.artifacts import write_atomically as write
from recon_kit.commands.decide import journal_of
from recon_kit.commands.sign.open_gaps import Undecided, journal_today, undecided_gaps
from recon_kit.commands.verify import verify
from recon_kit.policy import SettingsError
from recon_kit.runner.manifest import params_of_close, read_json
from recon_kit.runner.pseudonymised import is_pseudonymised
from recon_kit.runner.sign_off import SIGNED_BY, SIGNED_ON, restore_unsigned_index, sign_index
from recon_kit.runner.signature import Signature, UnreadableSignature, read_signature
from recon_kit.signing import signing_key

_SHOWN = 10
_LATER_RUN = re.compile(r"\.r\d+$")


class NotSignable(RuntimeError):  # noqa: N818  (says what it is; the command did nothing wrong)
    """The close cannot be signed as it stands; the message says what is missing."""


@dataclass(frozen=True)
class Signing:
    """Who signs what.

    Attributes:
        folder: a finished close.
        by: a person's name.
        reason: why, in a sentence; needed where anything is carried forward.
        carry_forward: gap ids, or customer ids for the gaps that wait for their link, that stay open knowingly.
        carry_all: carry forward every material gap that is open.
        params: params file that names the journal; none: that of the close.
        journal: the journal itself, before any params.
    """

    folder: Path
    by: str
    reason: str | None = None
    carry_forward: Sequence[str] = ()
    carry_all: bool = False
    params: Path | None = None
    journal: Path | None = None


def sign(asked: Signing) -> Signature:
    """Sign a close.

    The sign-off block of ``html/index.html`` is filled, ``pack.json`` lists the page anew, and ``signature.json`` is
    written last, with the digests of ``manifest.json`` and ``pack.json``.

    Returns:
        The signature.

    Raises:
        NotSignable: a control does not tie, a material gap has neither a decision nor is carried forward, a file is not
            what the manifest says, or it is signed already.
        SettingsError: the folder is no finished close, a name, reason, id or key cannot be used, the journal does not
            verify, or another run holds the close.
    """
    close = CloseFolder(asked.folder.resolve())
    by = journal.required_text(asked.by, name="by", longest=journal.LONGEST_NAME)
    reason = _reason(asked)
    if not close.is_finished:
        raise SettingsError(f"{asked.folder} is no finished close: it has no {MANIFEST}. Give the folder of a close.")
    if is_pseudonymised(read_json(close.path / MANIFEST)):
        raise SettingsError(f"{close.path.name} is a pseudonymised pack. Sign the close that it was made from.")
    if close.is_purged:
        raise SettingsError(f"{close.path.name} was purged: only its {MANIFEST} is kept, so there is nothing to sign.")
    wanted = close.path.with_name(_LATER_RUN.sub("", close.path.name))
    try:
        with FileLock(wanted.parent / f".{wanted.name}.lock", timeout=0):
            return _sign_locked(close, asked, by, reason)
    except Timeout as fault:
        raise SettingsError(f"Another run is writing {wanted.name}. Sign when it has ended.") from fault


def _reason(asked: Signing) -> str | None:
    if asked.reason is not None:
        return journal.required_text(asked.reason, name="reason", longest=journal.LONGEST_REASON)
    if asked.carry_all or asked.carry_forward:
        raise SettingsError("What is carried forward needs a --reason: why may it stay open?")
    return None


def _sign_locked(close: CloseFolder, asked: Signing, by: str, reason: str | None) -> Signature:
    _require_unsigned(close)
    key = signing_key()
    restore_unsigned_index(close.path)
    _require_whole(close)
    _require_ties(close)
    known = journal_today(_journal_file(close, asked), close)
    found = undecided_gaps(close, known)
    carried = _carried(found, close, asked)
    manifest = read_json(close.path / MANIFEST)
    unsigned = {
        "close": close.path.name,
        "as_of": manifest["as_of"],
        "by": by,
        "at": clock.stamp(),
        "reason": reason,
        "manifest_sha256": digest_file(close.path / MANIFEST),
        "journal": _head(known, manifest),
        "decided": [one.model_dump() for one in found.decided],
        "carried_forward": carried.to_dicts(),
        "public_key": key.public_key if key else None,
    }
    content = Signature.model_validate({**unsigned, "pack_sha256": ""}).content_sha256
    pack = canonical_json(sign_index(close.path, _block(unsigned), content))
    write(close.path / PACK, pack)
    signature = Signature.model_validate({**unsigned, "pack_sha256": digest_file(close.path / PACK)})
    if key:
        signature = signature.model_copy(update={"signature": key.sign(signature.signed_content)})
    write(close.path / SIGNATURE, canonical_json(signature.model_dump()))
    return signature


def _require_unsigned(close: CloseFolder) -> None:
    try:
        signed = read_signature(close.path)
    except UnreadableSignature as fault:
        raise NotSignable(f"{fault}. `recon verify` says more; a re-run of the close stands beside it.") from fault
    if signed:
        raise NotSignable(
            f"{close.path.name} is signed already, by {signed.said}. A signed close never changes: run `recon close` "
            "again, which stands beside it as .r2, and sign that one."
        )


def _require_whole(close: CloseFolder) -> None:
    findings = [one for one in verify(close.path, reperform=False) if one.file != SIGNATURE]
    if findings:
        lines = "\n".join(f"  - {finding.file}: {finding.message}" for finding in findings[:_SHOWN])
        raise NotSignable(f"{close.path.name} is not as it was made, so it cannot be signed:\n{lines}{_more(findings)}")


def _require_ties(close: CloseFolder) -> None:
    controls = close.read_table("controls").collect()
    broken = controls.filter(~pl.col("passes"))
    if controls.is_empty() or broken.height:
        named = ", ".join(broken["control_id"].head(_SHOWN)) or "there are none"
        raise NotSignable(f"{close.path.name} does not tie, so it cannot be signed. Controls: {named}.")


def _journal_file(close: CloseFolder, asked: Signing) -> Path | None:
    """Find the journal; a close that rests on none, and whose params name none, has none."""
    if asked.params is None and asked.journal is None and not (close.inputs / journal.COPY).is_file():
        named = params_of_close(close.path)
        if named is None or not named.is_file():
            return None
    try:
        return journal_of(close, asked.params, asked.journal)
    except SettingsError:
        if asked.params or asked.journal:
            raise
        return None


def _head(known: journal.Journal | None, manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    kept: dict[str, Any] | None = manifest.get("journal")
    return {"length": known.anchor.length, "sha256": known.anchor.sha256} if known else kept


def _carried(found: Undecided, close: CloseFolder, asked: Signing) -> pl.DataFrame:
    """Take the gaps that are carried forward; refuse while one has neither a decision nor is among them."""
    named = set(_gaps_of(asked.carry_forward, found, close))
    left = [] if asked.carry_all else [gap for gap in found.ids if gap not in named]
    if left:
        raise NotSignable(_left_open(found, left, close.path.name))
    return found.gaps if asked.carry_all else found.gaps.filter(pl.col("gap_id").is_in(sorted(named)))


def _gaps_of(ids: Sequence[str], found: Undecided, close: CloseFolder) -> Iterator[str]:
    """Turn ids as typed into gap ids: a customer in review stands for its gaps."""
    waiting = close.read_table("gaps").filter(pl.col("gap_id").is_in(found.ids)).collect()
    for part in (one.strip() for text in ids for one in text.split(",") if one.strip()):
        about = waiting.filter(
            (pl.col("gap_id") == part) | pl.col("customer_ids").list.contains(part) | (pl.col("account_id") == part)
        )
        if about.is_empty() and not _is_decided(part, close):
            raise SettingsError(f"--carry-forward: {part} is no gap of {close.path.name}, nor has it an open one.")
        yield from about["gap_id"]


def _is_decided(gap_id: str, close: CloseFolder) -> bool:
    return not close.read_table("gaps").filter(pl.col("gap_id") == gap_id).collect().is_empty()


def _left_open(found: Undecided, left: Sequence[str], name: str) -> str:
    rows = found.gaps.filter(pl.col("gap_id").is_in(list(left)))
    lines = [_line(row) for row in rows.head(_SHOWN).to_dicts()]
    late = (
        f"\nDecided since the close ran: the link(s) of {', '.join(found.late_links)}; run `recon close` again."
        if found.late_links
        else ""
    )
    return (
        f"{name} has {tables.count(len(left), 'material gap')} without a decision, so it cannot be signed:\n"
        + "\n".join(lines)
        + _more(left)
        + late
        + "\nDecide them (`recon decide gap …`, or the review workbook), or carry them forward with a reason: "
        '--carry-forward GAP_ID, or --carry-all, and --reason "…".'
    )


def _line(row: Mapping[str, Any]) -> str:
    link = ", waits for a link in review" if row["link_in_review"] else ""
    amount = tables.money(row["impact_minor"], row["currency"])
    return f"  - {row['gap_id']}  {tables.term('cause', row['cause'])}, {amount} at stake{link}"


def _more(listed: Sequence[object]) -> str:
    return f"\n  and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""


def _block(unsigned: Mapping[str, Any]) -> dict[str, str]:
    """Say on the index page who signed, when, and what is carried forward."""
    at, gaps = str(unsigned["at"]), unsigned["carried_forward"]
    listed = ", ".join(one["gap_id"] for one in gaps)
    carried = f"{tables.count(len(gaps), 'material gap')}: {listed}" if gaps else "no material gap"
    key = "Ed25519 key, its public half in signature.json" if unsigned["public_key"] else "by name only, without a key"
    lines = {SIGNED_BY: unsigned["by"], SIGNED_ON: f"{at[:10]}, {at[11:16]} UTC", "Carried forward": carried}
    return {**lines, **({"Reason": unsigned["reason"]} if unsigned["reason"] else {}), "Signature": key}
