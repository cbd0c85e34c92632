"""Import: the decisions of a filled review into the journal, under one lock, each once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recon_kit import clock, journal, workbook
from recon_kit.artifacts import MANIFEST, CloseFolder, digest_file
from recon_kit.commands.decide import journal_of
from recon_kit.commands.review.contents import LAYOUT, ReviewedClose, reviewed
from recon_kit.commands.review.exporting import FILE, PUT_BACK
from recon_kit.commands.review.filled import Filled, Made, Marks, read_filled, read_marks
from recon_kit.params import read_params
from recon_kit.policy import SettingsError

_SHOWN = 50


@dataclass(frozen=True)
class Importing:
    """What to import, and where to.

    Attributes:
        file: the filled workbook.
        partial: import the rows that can be understood though others cannot.
        close: the close it is of; none: the one that the workbook names.
        params: the params file whose ``decisions`` names the journal; none: that of the close.
        journal: the journal itself, before any params.
    """

    file: Path
    partial: bool = False
    close: Path | None = None
    params: Path | None = None
    journal: Path | None = None


def import_review(asked: Importing) -> list[str]:
    """Append the decisions of a review to the journal, in the order of its sheets and rows.

    A decision that the journal has from the same person, on the same evidence and for the same reason, is skipped.

    Returns:
        What was imported, skipped and refused, in sentences.

    Raises:
        SettingsError: the workbook, its close or the journal cannot be used, or a row cannot be understood and
            ``partial`` is false; nothing is imported then.
    """
    if not asked.file.is_file():
        raise SettingsError(f"There is no file {asked.file}.")
    book = workbook.read_workbook(asked.file)
    marks = read_marks(book, asked.file.name)
    if marks.facts["layout"] != LAYOUT:
        raise SettingsError(f"{asked.file.name} was exported by another version of the kit. Export again.")
    close = _close_of(asked, marks)
    filled = read_filled(book, marks, close)
    if filled.faults and not asked.partial:
        raise SettingsError(_refusal(asked.file.name, filled))
    return _import(asked, close, marks, filled)


def _import(asked: Importing, close: ReviewedClose, marks: Marks, filled: Filled) -> list[str]:
    file, told = journal_of(close.folder, asked.params, asked.journal), list[str]()
    basis = journal.Basis(as_of=marks.facts["as_of"], manifest=marks.facts["manifest"])

    def entries(known: journal.Journal) -> Sequence[journal.Entry]:
        return list(_new(filled.made, known, basis, told))

    anchors = journal.anchors_of_closes([close.folder.path])
    written = journal.append_all(file, entries, anchors, on_interrupted=told.append) if filled.made else []
    numbers = f" ({written[0].sequence} to {written[-1].sequence})" if written else ""
    known = len(filled.made) - len(written)
    summary = (
        f"{len(written)} decision(s) recorded in {file.name}{numbers}, {known} known already, "
        f"{filled.undecided} row(s) undecided, {len(filled.faults)} fault(s). They count from the next close on."
    )
    faults = [f"Not imported: {fault}." for fault in filled.faults]
    return [*told, *filled.remarks, *faults, summary, *_lies_in_close(asked.file, close)]


def _lies_in_close(file: Path, close: ReviewedClose) -> Iterator[str]:
    """Say that a workbook filled where it lay keeps the close from being signed."""
    if file.resolve() == close.folder.path / FILE:
        yield f"{file.name} lies in the close, which is not as it was made and cannot be signed until you {PUT_BACK}."


def _new(
    made: Sequence[Made], known: journal.Journal, basis: journal.Basis, told: list[str]
) -> Iterator[journal.Entry]:
    """Leave out what the journal has, and say where a decision goes against that of somebody else."""
    latest = {decision.subject: decision for decision in known.decisions}
    every = {(*_said(decision), decision.close): decision.sequence for decision in known.decisions}
    for one in made:
        said, standing = _said_in(one), latest.get(one.ground.subject)
        where = f"{one.sheet} row {one.row}"
        if standing is not None and said == _said(standing):
            told.append(f"{where}: the same as decision {standing.sequence}, which stands; not added again.")
        elif (*said, basis) in every:
            number = every[(*said, basis)]
            told.append(f"{where}: imported before as decision {number}; a later one stands. Not added again.")
        else:
            entry = _entry(one, basis)
            if standing is not None and entry.contradicts(standing):
                told.append(
                    f"{where}: contradicts decision {standing.sequence}, {standing.decision} by {standing.by} on "
                    f"{standing.at[:10]}; the later one ({one.decision} by {one.by}) stands."
                )
            yield entry


_Said = tuple[journal.Subject, str, str, str, str]


def _said_in(made: Made) -> _Said:
    return made.ground.subject, made.decision, made.ground.evidence, made.by, made.reason


def _said(decision: journal.Decision) -> _Said:
    return decision.subject, decision.decision, decision.evidence, decision.by, decision.reason


def _entry(made: Made, basis: journal.Basis) -> journal.Entry:
    ground = made.ground
    return journal.Entry.model_validate(
        {
            "at": clock.stamp(),
            "by": made.by,
            "subject": ground.subject,
            "decision": made.decision,
            "before": dict(ground.before),
            "after": dict(ground.after[made.decision]),
            "reason": made.reason,
            "close": basis,
            "evidence": ground.evidence,
            "evidence_fields": dict(part.split("=", 1) for part in ground.evidence_fields),
        }
    )


def _refusal(name: str, filled: Filled) -> str:
    shown = "\n".join(f"  - {fault}" for fault in filled.faults[:_SHOWN])
    more = f"\n  and {len(filled.faults) - _SHOWN} more" if len(filled.faults) > _SHOWN else ""
    return (
        f"Nothing of {name} was imported; {len(filled.faults)} thing(s) cannot be understood:\n{shown}{more}\n"
        f"Correct them, or import the {len(filled.made)} other decision(s) with --partial."
    )


def _close_of(asked: Importing, marks: Marks) -> ReviewedClose:
    """Find the close that a workbook is of: the one given, else by the way from the workbook, else by the params."""
    if asked.close is not None and not CloseFolder(asked.close.resolve()).is_finished:
        raise SettingsError(f"{asked.close} is no finished close: it has no {MANIFEST}.")
    places = [asked.close.resolve()] if asked.close is not None else list(_places(asked, marks))
    finished = [place for place in places if CloseFolder(place).is_finished]
    same = [place for place in finished if digest_file(place / MANIFEST) == marks.facts["manifest"]]
    chosen = [*same, *finished][:1]
    if not chosen:
        raise SettingsError(
            f"The close {marks.facts['as_of']} that {asked.file.name} was made from was not found beside it. Name its "
            "folder with --close, or the params with --params."
        )
    return reviewed(CloseFolder(chosen[0]))


def _places(asked: Importing, marks: Marks) -> Iterator[Path]:
    beside = asked.file.resolve().parent
    yield beside
    with contextlib.suppress(OSError, ValueError):
        yield (beside / marks.facts["folder"]).resolve()
    if asked.params is not None:
        named = read_params(asked.params, as_of=marks.facts["as_of"]).close_folder
        yield named
        yield from sorted(place for place in named.parent.glob("*") if place.is_dir())
