"""Parts: the steps from one close to another, each run again, and what each of them changed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from recon_kit.commands.restate.composed import plain_copy, without_late
from recon_kit.commands.restate.edits import edited_fields
from recon_kit.commands.restate.figures import differences, figures_of, standings
from recon_kit.commands.restate.gap_changes import changed_gaps
from recon_kit.commands.restate.records import changed_records
from recon_kit.commands.restate.rerun import Inputs, Outcome, as_closed, rerun
from recon_kit.commands.restate.sides import Side, both_sides, code_of_today

CODE, POLICY, DECISIONS = "code", "policy", "decisions"
EDITED_RECORDS, LATE_RECORDS, CODE_OF_NEW = "edited_records", "late_records", "code_of_new"
PARTS = (CODE, POLICY, DECISIONS, EDITED_RECORDS, LATE_RECORDS, CODE_OF_NEW)
"""The five parts in the order they are taken, and what is left where other code than today's made the newer close."""

RUN, SAME, TAKEN = "run again", "the same in both closes, not run again", "these are the inputs of the newer close"
SAME_CODE, OTHER_CODE = "made by today's code", "made by other code than today's"
"""How the figures after a part came about."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Restatement:
    """Why the figures of one close are not those of another.

    Attributes:
        old: the close that is explained.
        new: the close it became.
        today: what would make a close now, as ``code_of_today`` says it.
        how: by part, how the figures after it came about.
        faults: by part, why the inputs after it could not be closed; what it changed is in the next part then.
        changes: records that differ, as ``changed_records`` gives them.
        fields: what differs in edited records, as ``edited_fields`` gives it.
        figures: as ``differences`` gives them.
        gaps: as ``changed_gaps`` gives them.
    """

    old: Side
    new: Side
    today: Mapping[str, Any]
    how: Mapping[str, str]
    faults: Mapping[str, str]
    changes: pl.DataFrame
    fields: pl.DataFrame
    figures: pl.DataFrame
    gaps: pl.DataFrame

    @property
    def as_of(self) -> str:
        """The day of both closes."""
        return str(self.old.manifest["as_of"])

    @property
    def parts(self) -> tuple[str, ...]:
        """The five parts; the code of the newer close only where it is not today's, or left a difference."""
        is_told = self.how[CODE_OF_NEW] == OTHER_CODE or self.figures.filter(pl.col(CODE_OF_NEW) != 0).height > 0
        return PARTS if is_told else PARTS[:-1]


def restate(old: Path, new: Path, tell: Tell = lambda _: None) -> Restatement:
    """Explain the figures of one close by those of another: code, policy, decisions, edited records, late records.

    Both folders are only read. Each part is taken from the newer close on top of those before it, and the close is run
    again with today's code; inputs that are the same as before, or all those of a newer close that today's code made,
    are not run again.

    Args:
        old: the folder of the close that is explained.
        new: the folder of the close it became.
        tell: is told each step when it is done.

    Raises:
        SettingsError: the two cannot be compared; see ``both_sides``.
    """
    before, after = both_sides(old, new)
    with tempfile.TemporaryDirectory(prefix="recon-restate-") as scratch:
        return _taken_apart(before, after, _Steps(before, after, Path(scratch), tell))


@dataclass
class _Steps:
    """Runs one state after the other, and none twice."""

    old: Side
    new: Side
    scratch: Path
    tell: Tell
    today: Mapping[str, Any] = field(default_factory=code_of_today)
    known: dict[tuple[str, str, str], Outcome] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def of_old(self) -> Path:
        """Run the older close's inputs with today's code; return the records as that code reads them."""
        outcome = rerun(as_closed(self.old), self.scratch / CODE)
        raw = plain_copy((outcome.close or self.old.close).raw, self.scratch / "records-of-old")
        self._note(CODE, Inputs(self.old, self.old, self.old, raw), outcome, RUN)
        return raw

    def of_new(self) -> Path:
        """Take the newer close's tables where today's code made them, else run its inputs with it."""
        is_todays = self.new.code == self.today
        outcome = Outcome(self.new.close) if is_todays else rerun(as_closed(self.new), self.scratch / CODE_OF_NEW)
        self.how[CODE_OF_NEW] = SAME_CODE if is_todays else OTHER_CODE
        raw = (outcome.close or self.new.close).raw
        self.known.setdefault(Inputs(self.new, self.new, self.new, raw).key, outcome)
        return raw

    def take(self, part: str, inputs: Inputs, before: Inputs) -> None:
        """Run the state after a part, unless it is known."""
        if inputs.key in self.known:
            is_same = inputs.key == before.key
            own = TAKEN if self.how[CODE_OF_NEW] == SAME_CODE else RUN
            self._note(part, inputs, self.known[inputs.key], SAME if is_same else own)
        else:
            self._note(part, inputs, rerun(inputs, self.scratch / part), RUN)

    def _note(self, part: str, inputs: Inputs, outcome: Outcome, how: str) -> None:
        self.known[inputs.key] = outcome
        self.how[part] = how
        if outcome.close is None and how != SAME:
            self.faults[part] = outcome.fault
        self.tell(part)


def _taken_apart(old: Side, new: Side, steps: _Steps) -> Restatement:
    first, last = steps.of_old(), steps.of_new()
    changes = changed_records(first, last)
    both = without_late(first, last, changes, steps.scratch / "records-of-both")
    inputs = {
        CODE: Inputs(old, old, old, first),
        POLICY: Inputs(new, old, old, first),
        DECISIONS: Inputs(new, new, old, first),
        EDITED_RECORDS: Inputs(new, new, new, both),
        LATE_RECORDS: Inputs(new, new, new, last),
    }
    for previous, part in pairwise(inputs):
        steps.take(part, inputs[part], inputs[previous])
    closes = {"old": old.close, **{part: steps.known[one.key].close for part, one in inputs.items()}, "new": new.close}
    steps.tell(CODE_OF_NEW)
    figures = differences({name: figures_of(close) if close else None for name, close in closes.items()}, PARTS)
    figures = figures.with_columns(pl.col(part).fill_null(0) for part in PARTS if steps.how[part] == SAME)
    stood = {name: standings(close) if close else None for name, close in closes.items()}
    return Restatement(
        old, new, steps.today, steps.how, steps.faults, changes, edited_fields(first, last, changes), figures,
        changed_gaps(stood, figures, PARTS),
    )  # fmt: skip
