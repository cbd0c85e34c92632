"""The stages of a close: one notebook each, in order, and the question each answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon_kit.params import REPOSITORY
from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOTEBOOKS = REPOSITORY / "notebooks"


@dataclass(frozen=True)
class Stage:
    """One notebook of the close."""

    name: str
    question: str

    @property
    def room(self) -> str:
        """The room whose front door it is."""
        return self.name.split("_", 1)[1]

    @property
    def path(self) -> Path:
        """Where the notebook lies."""
        return NOTEBOOKS / f"{self.name}.ipynb"

    @property
    def is_present(self) -> bool:
        """Whether this version has the notebook."""
        return self.path.is_file()


STAGES = (
    Stage("01_extract", "What does each system say, and did we get all of it?"),
    Stage("02_normalise", "What is it in one language?"),
    Stage("03_resolve", "Who is who?"),
    Stage("04_gaps", "Where do sales and billing disagree, and why?"),
    Stage("05_cash", "Is what was billed booked, and did it reach the bank?"),
    Stage("06_revenue", "What is earned, what is deferred?"),
    Stage("07_metrics", "What are MRR and ARR, how sure are we?"),
    Stage("08_close", "Can we sign?"),
)


LAST = "close"


def chosen_stages(only: Sequence[str] | None = None) -> list[Stage]:
    """Return the stages this version has, or those of the rooms named and the last, which sums them up, in order.

    Rooms that begin with the first begin from nothing: where they leave others out, they have to be the first ones, and
    the last is left out too, since it has nothing to sum up.

    Raises:
        SettingsError: a room is unknown or not in this version; the message lists those that are. Or rooms would lack
            what those between them write; the message names these.
    """
    present = [stage for stage in STAGES if stage.is_present]
    if not only:
        return present
    rooms = {stage.room for stage in present}
    unknown = [room for room in only if room not in rooms]
    if unknown:
        listed = ", ".join(stage.room for stage in present)
        message = f"--only: {', '.join(unknown)} is no stage of this version. Stages: {listed}."
        raise SettingsError(message)
    chosen = [stage for stage in present if stage.room in only or stage.room == LAST]
    if chosen[0] != present[0] or chosen == present:
        return chosen
    named = [stage for stage in present if stage.room in only]
    missing = [stage.room for stage in present[: present.index(named[-1])] if stage not in named]
    if missing:
        message = (
            f"--only begins with {present[0].room}, so nothing is carried over, and {named[-1].room} needs "
            f"{', '.join(missing)}. Name these too, or leave {present[0].room} out to go on from the finished close."
        )
        raise SettingsError(message)
    return named
