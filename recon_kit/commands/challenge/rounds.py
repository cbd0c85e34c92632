"""Rounds: which error goes to which company, so that one re-run of the close tests as many as there are hosts."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recon_kit.commands.challenge.catalogue import COMPOUNDS, CONTROLS, PLANTS
from recon_kit.commands.challenge.company import Company
from recon_kit.commands.challenge.ground import Ground, Unsuitable
from recon_kit.commands.challenge.planting import AT_TOLERANCE, SIZES, Impossible, Plant, Size, ordinary_base
from recon_kit.commands.challenge.salesforce_verbs import NoColumn
from recon_kit.commands.challenge.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from random import Random

    from recon_kit.commands.challenge.hosts import Host

_AMOUNT = "amount_mismatch"
_SECOND = 3
_CANNOT = (Unsuitable, NoColumn, KeyError, IndexError)


@dataclass(frozen=True)
class Case:
    """One error, or two on one account, of one size, for the n-th time."""

    plants: tuple[Plant, ...]
    size: Size
    number: int

    @property
    def name(self) -> str:
        """What the report calls it."""
        return " + ".join(plant.name for plant in self.plants)

    @property
    def sizes(self) -> Iterator[Size]:
        """The size of each plant; of two that change the amount the second is three times as large."""
        both = len(self.plants) > 1 and all(
            plant.family == _AMOUNT and plant.cause != "refund_or_credit" for plant in self.plants
        )
        for number, _ in enumerate(self.plants):
            yield Size(self.size.factor * _SECOND) if both and number else self.size


@dataclass
class Round:
    """What one re-run tests: a changed snapshot, and the companies that carry errors."""

    snapshot: Snapshot
    planted: list[tuple[Case, Company]] = field(default_factory=list)


def cases_of(per_class: int) -> list[Case]:
    """List all cases: each class, each compound at each size, and the controls at their tolerance."""
    together = [*((plant,) for plant in PLANTS), *COMPOUNDS]
    return [
        *(Case(tuple(plants), size, number) for plants in together for size in SIZES for number in range(per_class)),
        *(Case((plant,), AT_TOLERANCE, number) for plant in CONTROLS for number in range(per_class)),
    ]


def plan_round(
    cases: Sequence[Case], hosts: Sequence[Host], raw: Path, ground: Ground, random: Random
) -> tuple[Round, list[Case], dict[Case, str]]:
    """Plant as many cases as there are hosts for, one host each.

    Returns:
        The round; the cases left for another one; and, of those no host could carry although all were free, why not.
    """
    ids = [one for host in hosts for one in (host.customer_id, host.subscription_id)]
    this = Round(Snapshot(raw, ids))
    free = in_order(hosts, random)
    left: list[Case] = []
    refused: dict[Case, str] = {}
    for number, case in enumerate(cases):
        found, reasons = _first_that_can(case, free, this.snapshot, ground, f"{number:03d}")
        if found is None:
            left.append(case)
            refused[case] = reasons
        else:
            free.remove(found.host)
            this.planted.append((case, found))
    return this, left, refused


def in_order(hosts: Sequence[Host], random: Random) -> list[Host]:
    """Shuffle the hosts; those linked by id or decision still come first."""
    shuffled = list(hosts)
    random.shuffle(shuffled)
    return sorted(shuffled, key=lambda host: not host.is_sure)


def _first_that_can(
    case: Case, free: Sequence[Host], snapshot: Snapshot, ground: Ground, key: str
) -> tuple[Company | None, str]:
    reasons: Counter[str] = Counter()
    for host in free:
        try:
            return _planted(case, host, snapshot, ground, key), ""
        except Impossible as reason:
            return None, str(reason)
        except (KeyError, IndexError) as reason:
            reasons[f"its records have another shape ({type(reason).__name__}: {reason})"] += 1
        except _CANNOT as reason:
            reasons[str(reason)] += 1
    if not reasons:
        return None, "no account without a gap is left"
    worst, count = reasons.most_common(1)[0]
    return None, f"none of {len(free)} accounts could carry it; most often ({count}): {worst}"


def _planted(case: Case, host: Host, snapshot: Snapshot, ground: Ground, key: str) -> Company:
    """Plant a case on a host; where that fails, its records are as they were."""
    company = Company(host, ground, snapshot, key)
    mark, records = snapshot.mark(), company.records()
    kept = [copy.deepcopy(record) for record in records]
    try:
        bases = [plant.base(company, size) for plant, size in zip(case.plants, case.sizes, strict=True) if plant.base]
        company.settle(max(bases) if bases else ordinary_base(company, Size(case.size.factor * _SECOND)))
        for plant, size in zip(case.plants, case.sizes, strict=True):
            plant.apply(company, size)
        company.expectations()
    except (Impossible, *_CANNOT):
        snapshot.undo(mark)
        for record, before in zip(records, kept, strict=True):
            record.clear()
            record.update(before)
        raise
    return company
