"""Telling: what each part is, in words: which code, which settings, which decisions, which records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from recon_kit import extract, journal
from recon_kit.commands.restate.parts import (
    CODE,
    CODE_OF_NEW,
    DECISIONS,
    EDITED_RECORDS,
    LATE_RECORDS,
    OTHER_CODE,
    PARTS,
    POLICY,
    SAME,
    Restatement,
)
from recon_kit.commands.restate.records import EDITED, LATE, REMOVED
from recon_kit.commands.restate.sides import Side
from recon_kit.tables import count

NAMES = {
    CODE: "Code",
    POLICY: "Policy",
    DECISIONS: "Decisions",
    EDITED_RECORDS: "Edited records",
    LATE_RECORDS: "Late records",
    CODE_OF_NEW: "Code of the newer close",
}
_SHOWN, _LONGEST = 12, 160
_NOTHING = "nothing"


def parts_told(found: Restatement) -> dict[str, list[str]]:
    """Say of each part what was taken from the newer close and how the figures after it came about.

    Returns:
        Sentences by part, in the order of the parts.
    """
    telling = {
        CODE: _code(found.old, found),
        POLICY: _settings(found),
        DECISIONS: _decisions(found),
        EDITED_RECORDS: _records(found, EDITED, REMOVED),
        LATE_RECORDS: _records(found, LATE),
        CODE_OF_NEW: _code_of_new(found),
    }
    return {part: [*telling[part], *_fault(found, part)] for part in PARTS if part in found.parts}


def _fault(found: Restatement, part: str) -> Iterator[str]:
    if part not in found.faults:
        return
    later = PARTS[PARTS.index(part) + 1 :]
    under = next(one for one in later if one == later[-1] or (one not in found.faults and found.how[one] != SAME))
    reason = " ".join(found.faults[part].split())
    yield f"The close cannot be run after this part alone; its effect stands under {NAMES[under].lower()}. {reason}"


def _code(side: Side, found: Restatement) -> Iterator[str]:
    told = list(_other_code(side, found))
    yield from told or ["The same code and libraries; it was run again all the same, so that this part is measured."]


def _other_code(side: Side, found: Restatement) -> Iterator[str]:
    now, then = found.today, side.code
    parts = {"recon_kit": "the package", "notebooks": "the notebooks"}
    differing = [told for name, told in parts.items() if now["code"].get(name) != then["code"].get(name)]
    if differing:
        yield f"{side.name} was made by other code than today's ({' and '.join(differing)})."
    libraries = [
        f"{name} {then['libraries'].get(name, 'absent')} → {version}"
        for name, version in now["libraries"].items()
        if then["libraries"].get(name) != version
    ]
    if libraries:
        yield f"Libraries that differ: {_listed(libraries)}."


def _code_of_new(found: Restatement) -> Iterator[str]:
    if found.how[CODE_OF_NEW] == OTHER_CODE:
        yield from _other_code(found.new, found)
        yield "Its own inputs were run with today's code; this is what its tables differ from that."
    else:
        yield "Today's code made its tables, and running the same inputs gave others: see `recon verify`."


def _settings(found: Restatement) -> Iterator[str]:
    changed = list(_differing("", found.old.settings, found.new.settings))
    yield f"{count(len(changed), 'setting differs', 'settings differ')}: {_listed(changed)}." if changed else _same()


def _differing(path: str, old: object, new: object) -> Iterator[str]:
    if old == new:
        return
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        yield f"{path.removeprefix('policy.')}: {_value(old)} → {_value(new)}"
    elif path == "link files":
        names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        yield f"link files: {', '.join(names)}"
    else:
        for name in sorted(old.keys() | new.keys()):
            yield from _differing(f"{path}.{name}" if path else name, old.get(name), new.get(name))


def _value(value: Any) -> str:  # noqa: ANN401  (whatever a settings file may hold)
    text = _NOTHING if value in (None, [], {}) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _decisions(found: Restatement) -> Iterator[str]:
    old, new = found.old.decisions, found.new.decisions
    if old == new:
        yield _same()
        return
    if new[: len(old)] == old:
        added = new[len(old) :]
        yield f"{count(len(added), 'decision')} more: {_listed([_decision(one) for one in added])}."
    elif old[: len(new)] == new:
        yield f"{count(len(old) - len(new), 'decision')} of {found.old.name} not known to {found.new.name}."
    else:
        yield f"Another journal: {count(len(old), 'decision')} before, {count(len(new), 'decision')} now."


def _decision(one: journal.Decision) -> str:
    subject = " ".join(str(value) for name, value in one.subject.model_dump().items() if name not in {"kind", "type"})
    return f"line {one.sequence}, {subject}: {one.decision} by {one.by}"


def _records(found: Restatement, *changes: str) -> Iterator[str]:
    part = EDITED_RECORDS if EDITED in changes else LATE_RECORDS
    counted = (
        found.changes.filter(pl.col("change").is_in(changes))
        .group_by("change", "source", "object")
        .agg(pl.len(), first=pl.col("key").sort().head(3))
        .sort("change", "source", "object")
    )
    told = [
        f"{row['len']:,} {row['change']} in {row['source']}/{row['object']} ({_keys(row['first'], row['len'])})"
        for row in counted.iter_rows(named=True)
    ]
    if told:
        yield f"{_listed(told)}."
    elif found.how[part] == SAME:
        yield _same()
    else:
        yield "No record differs; the files are written otherwise, so they were run again."


def _keys(first: list[str], total: int) -> str:
    return ", ".join(first) + (" …" if total > len(first) else "")


def _same() -> str:
    return "The same in both closes."


def _listed(items: list[str]) -> str:
    more = f"; and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return "; ".join(items[:_SHOWN]) + more


def remarks(found: Restatement) -> list[str]:
    """Say what a reader has to know beside the parts: pulls that were not complete, currencies, other companies."""
    return [*_incomplete(found), *_currencies(found), *_strangers(found)]


def _incomplete(found: Restatement) -> Iterator[str]:
    for side, effect in ((found.old, "late"), (found.new, "removed")):
        parts = [pull.system for pull in extract.pull_records(side.close) if not pull.complete]
        if parts:
            yield (
                f"The pull of {side.name} from {' and '.join(parts)} was not complete: a record that is {effect} here "
                "may only not have been pulled."
            )


def _currencies(found: Restatement) -> Iterator[str]:
    codes = [side.manifest["policy"]["reporting_currency"] for side in (found.old, found.new)]
    if codes[0] != codes[1]:
        yield (
            f"The reporting currency went from {codes[0]} to {codes[1]}: amounts of each currency stand in lines of "
            "their own, and the first fall to nothing where the others rise from it."
        )


def _strangers(found: Restatement) -> Iterator[str]:
    accounts = [
        set(side.close.read_table("accounts").select("account_id").collect()["account_id"])
        for side in (found.old, found.new)
        if side.close.has_table("accounts")
    ]
    if len(accounts) > 1 and all(accounts) and not accounts[0] & accounts[1]:
        yield "The two closes share no account: are they of one company?"
