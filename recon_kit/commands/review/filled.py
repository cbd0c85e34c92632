"""Filled: what a reviewer wrote into a workbook, row by row, and every row that cannot be understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from recon_kit import journal, workbook
from recon_kit.commands.review.contents import (
    EVIDENCE,
    ID,
    MARKS,
    OF_WORKBOOK,
    README,
    ReviewedClose,
    locked_cells,
    row_digest,
)
from recon_kit.commands.review.queue import Ground, Queue
from recon_kit.policy import SettingsError
from recon_kit.workbook import ReadRow, ReadSheet

OPEN = ("decision", "by", "reason")
_SHOWN = 60


@dataclass(frozen=True)
class Made:
    """A decision as it stands in a row."""

    sheet: str
    row: int
    ground: Ground
    decision: str
    by: str
    reason: str


@dataclass(frozen=True)
class Marks:
    """What the hidden sheet says: facts of the workbook, and evidence and digest of each row by sheet and id."""

    facts: Mapping[str, str]
    rows: Mapping[tuple[str, str], tuple[str, str]]


@dataclass
class Filled:
    """What a workbook says: decisions in the order of its rows, faults, remarks, and how many rows are undecided."""

    made: list[Made] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    undecided: int = 0


def read_marks(book: Mapping[str, ReadSheet], name: str) -> Marks:
    """Read the hidden sheet.

    Raises:
        SettingsError: there is none, or it is not as it was written.
    """
    sheet = book.get(MARKS)
    if sheet is None or sheet.headings[:4] != ["sheet", "id", "evidence", "row"]:
        raise SettingsError(
            f"{name} is no review that `recon review export` wrote, or its hidden sheet {MARKS!r} was removed. Export "
            "again, and fill that workbook."
        )
    lines = [[str(row.cells[heading] or "") for heading in sheet.headings[:4]] for row in sheet.rows]
    facts = {line[1]: line[2] for line in lines if line[0] == OF_WORKBOOK}
    missing = {"layout", "as_of", "manifest", "folder"} - facts.keys()
    if missing:
        lacking = ", ".join(sorted(missing))
        raise SettingsError(f"The hidden sheet of {name} was changed: {lacking} is missing. Export again.")
    return Marks(facts, {(line[0], line[1]): (line[2], line[3]) for line in lines if line[0] != OF_WORKBOOK})


def read_filled(book: Mapping[str, ReadSheet], marks: Marks, close: ReviewedClose) -> Filled:
    """Read the sheets of a review, in the order in which they stand in the workbook.

    Args:
        book: the workbook.
        marks: its hidden sheet.
        close: the close it is compared with: cell by cell where it is the very close the workbook was made from, else
            row by row with what the hidden sheet says, and with the evidence as it is in that close.
    """
    filled, queues = Filled(), {queue.sheet.name: queue for queue in close.queues}
    for name, sheet in book.items():
        if name in queues:
            _SheetReading(queues[name], sheet, marks, filled, is_same=marks.facts["manifest"] == close.manifest).read()
        elif name not in {README, MARKS} and "decision" in sheet.headings:
            known = ", ".join(queues)
            filled.faults.append(f"Sheet {name}: no sheet of a review has this name ({known}); rename it back")
    absent = [f"Sheet {name} is not in the workbook: its rows are undecided." for name in queues if name not in book]
    filled.remarks += absent
    _refuse_twice_confirmed(filled)
    return filled


def _refuse_twice_confirmed(filled: Filled) -> None:
    """One customer belongs to one account: two confirmed in one workbook is a slip, not a decision."""
    confirmed: dict[str, list[Made]] = {}
    for made in filled.made:
        if isinstance(made.ground.subject, journal.LinkSubject) and made.decision == "confirm":
            confirmed.setdefault(made.ground.subject.customer_id, []).append(made)
    for customer, several in confirmed.items():
        if len(several) > 1:
            rows = " and ".join(str(made.row) for made in several)
            where = f"{several[0].sheet} rows {rows}, decision"
            filled.faults.append(f"{where}: customer {customer} is confirmed to several accounts; keep one")
            filled.made = [made for made in filled.made if made not in several]


@dataclass
class _SheetReading:
    """One sheet being read against the queue it was made from."""

    queue: Queue
    sheet: ReadSheet
    marks: Marks
    filled: Filled
    is_same: bool

    def read(self) -> None:
        """Read every row; a sheet whose header was changed is one fault."""
        twice = [heading for heading, number in Counter(self.sheet.headings).items() if number > 1]
        wanted = [column.heading for column in self.queue.sheet.columns]
        missing = [heading for heading in wanted if heading not in self.sheet.headings]
        if missing or twice:
            said = [f"{heading!r} is missing" for heading in missing]
            said += [f"{heading!r} stands twice" for heading in twice]
            self.filled.faults.append(f"Sheet {self.sheet.name}, header: {', '.join(said)}; export again")
            return
        self._expected = locked_cells(self.queue)
        ids = Counter(self._id(row) for row in self.sheet.rows)
        for row in self.sheet.rows:
            found = list(self._faults(row, ids))
            self.filled.faults += [f"{self.sheet.name} row {row.number}, {fault}" for fault in found]
            if not found:
                self._take(row)

    def _id(self, row: ReadRow) -> str:
        return workbook.comparable(row.cells[ID])

    def _take(self, row: ReadRow) -> None:
        decision, by, reason = (journal.plain_text(_text(row, heading)) for heading in OPEN)
        if not decision:
            self.filled.undecided += 1
            if reason:
                where = f"{self.sheet.name} row {row.number}"
                self.filled.remarks.append(f"{where} has a reason and no decision: undecided.")
            return
        ground = self.queue.grounds[self._id(row)]
        self.filled.made.append(Made(self.sheet.name, row.number, ground, decision.casefold(), by, reason))

    def _faults(self, row: ReadRow, ids: Counter[str]) -> Iterator[str]:
        """Say what is wrong with a row: column, value, what to do."""
        name = self._id(row)
        yield from (
            f"{heading}: {_shown(formula)} is a formula; write the value itself"
            for heading, formula in row.formulas.items()
        )
        if ID in row.formulas:
            return
        if not name:
            yield f"{ID}: it has none, so nobody can tell what it is about; remove the row, or export again"
        elif (self.sheet.name, name) not in self.marks.rows:
            yield f"{ID}: {_shown(name)} was not exported; correct it, or export again"
        elif ids[name] > 1:
            yield f"{ID}: {_shown(name)} stands in {ids[name]} rows; keep one of them"
        else:
            yield from self._faults_of_locked(row, name)
            yield from self._faults_of_open(row, name)

    def _faults_of_locked(self, row: ReadRow, name: str) -> Iterator[str]:
        ground, (evidence, digest) = self.queue.grounds.get(name), self.marks.rows[self.sheet.name, name]
        if ground is None:
            yield f"{ID}: {_shown(name)} waits no longer in the close: it was decided, or it cleared; export again"
            return
        if ground.evidence != evidence:
            yield f"{EVIDENCE}: {_shown(name)} is not in the close any more with this evidence; export again"
            return
        expected = self._expected[name]
        edited = [
            heading
            for heading, cell in expected.items()
            if heading not in row.formulas and workbook.comparable(cell) != workbook.comparable(row.cells[heading])
        ]
        if self.is_same:
            for heading in edited:
                was, now = _shown(expected[heading]), _shown(row.cells[heading])
                yield f"{heading}: a locked cell was edited: it says {now}, the close says {was}"
        elif row_digest({heading: row.cells[heading] for heading in expected}) != digest:
            yield f"{', '.join(edited) or ID}: a locked cell was edited; export again"

    def _faults_of_open(self, row: ReadRow, name: str) -> Iterator[str]:
        unread = [heading for heading in OPEN if heading in row.formulas]
        for heading in OPEN:
            cell = row.cells[heading]
            if cell is not None and not isinstance(cell, str):
                yield f"{heading}: {_shown(cell)} is no text; write words"
                unread.append(heading)
        decision, by, reason = (journal.plain_text(_text(row, heading)) for heading in OPEN)
        if unread or not decision:
            return
        choices = self.queue.choices
        if decision.casefold() not in choices:
            yield f"decision: {_shown(decision)} is none of {', '.join(choices)}"
        elif name in self.queue.grounds and decision.casefold() in self.queue.grounds[name].refused:
            yield f"decision: {_shown(decision)}: {self.queue.grounds[name].refused[decision.casefold()]}"
        for heading, text, longest in (("by", by, journal.LONGEST_NAME), ("reason", reason, journal.LONGEST_REASON)):
            if not text:
                yield f"{heading}: it is empty; a decision needs who made it (by) and why (reason)"
            elif len(text) > longest:
                yield f"{heading}: it has {len(text)} characters, more than {longest}; write it shorter"


def _text(row: ReadRow, heading: str) -> str:
    cell = row.cells[heading]
    return cell if isinstance(cell, str) else ""


def _shown(cell: object) -> str:
    text = " ".join(workbook.comparable(cell).split())
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
