"""Outcomes: what a re-run found of what was planted, and what it found besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from recon_kit.commands.challenge.expectation import AMOUNT, END, EXISTENCE, REFUND, START, Expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recon_kit.commands.challenge.company import Company
    from recon_kit.commands.challenge.rounds import Case

_ASPECTS = {
    "refund_or_credit": REFUND,
    "late_start": START,
    "early_start": START,
    "ends_early": END,
    "ends_late": END,
}
_SAME = ("cause", "state", "material", "difference_minor", "impact_minor", "diverged_on")


@dataclass(frozen=True)
class Outcome:
    """What became of one expected gap; an error that must give none has no expected gap and no outcome.

    Attributes:
        case: what was planted.
        account_id: where.
        expected: what the close had to say.
        gap_id: of the gap it found; none when it found none.
        faults: what differs, by aspect: ``cause``, ``amount``, ``date``, ``state``.
    """

    case: Case
    account_id: str
    expected: Expected
    gap_id: str | None
    faults: dict[str, str]


@dataclass(frozen=True)
class FalseAlarm:
    """A gap that was not there before and that nothing planted explains."""

    gap_id: str
    account_id: str | None
    family: str
    cause: str
    difference_minor: int
    beside: str


def judge(
    planted: Sequence[tuple[Case, Company]], before: pl.DataFrame, after: pl.DataFrame, components: pl.DataFrame
) -> tuple[list[Outcome], list[FalseAlarm]]:
    """Compare the gaps of a re-run with what was planted.

    Args:
        planted: the cases of the round.
        before: ``gaps`` without anything planted.
        after: ``gaps`` of the re-run.
        components: ``gap_components`` of the re-run.
    """
    parts = _parts(components)
    rows = list(after.iter_rows(named=True))
    outcomes: list[Outcome] = []
    for case, company in planted:
        own = [row for row in rows if _is_of(row, company)]
        outcomes += [_outcome(case, company, expected, own, parts) for expected in company.expectations()]
    explained = {outcome.gap_id for outcome in outcomes}
    return outcomes, list(_unexplained(planted, before, after, explained))


def _parts(components: pl.DataFrame) -> dict[str, list[tuple[str, int]]]:
    told: dict[str, list[tuple[str, int]]] = {}
    for gap_id, component, amount in components.select("gap_id", "component", "amount_minor").iter_rows():
        told.setdefault(gap_id, []).append((component, amount))
    return told


def _is_of(row: dict[str, Any], company: Company) -> bool:
    return row["account_id"] == company.host.account_id or company.host.customer_id in row["customer_ids"]


def _aspect(row: dict[str, Any]) -> str:
    return _ASPECTS.get(row["cause"]) or (AMOUNT if row["family"] == "amount_mismatch" else EXISTENCE)


def _outcome(
    case: Case,
    company: Company,
    expected: Expected,
    rows: list[dict[str, Any]],
    parts: dict[str, list[tuple[str, int]]],
) -> Outcome:
    matching = [
        row
        for row in rows
        if (row["family"], _aspect(row)) == (expected.family, expected.aspect)
        and (expected.aspect != AMOUNT or bool(row["opportunity_ids"]) == expected.has_contract)
    ]
    if not matching:
        return Outcome(case, company.host.account_id, expected, None, {})
    row = matching[0]
    faults = dict(_differing(expected, row, parts.get(row["gap_id"], [])))
    return Outcome(case, company.host.account_id, expected, row["gap_id"], faults)


def _differing(expected: Expected, row: dict[str, Any], parts: list[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """Name each aspect in which a gap is not what was expected, with both."""
    figures = ("crm_mrr_minor", "billing_mrr_minor", "difference_minor", "impact_minor")
    wanted = {name: getattr(expected, name) for name in figures} | dict(expected.parts)
    found = {name: row[name] for name in figures} | dict(parts)
    compared = {
        "cause": (expected.cause, row["cause"]),
        "amount": (_figures(wanted), _figures(found)),
        "date": (expected.diverged_on.isoformat(), row["diverged_on"].isoformat()),
        "state": (_standing(expected.state, expected.is_material), _standing(row["state"], row["material"])),
    }
    for aspect, (one, other) in compared.items():
        if one != other:
            yield aspect, f"expected {one}; found {other}"


def _figures(amounts: dict[str, int]) -> str:
    """Write amounts in minor units, each with its name."""
    return ", ".join(f"{name.removesuffix('_minor')} {amount}" for name, amount in sorted(amounts.items()))


def _standing(state: str, is_material: object) -> str:
    return f"{state}, {'material' if is_material else 'not material'}"


def _unexplained(
    planted: Sequence[tuple[Case, Company]], before: pl.DataFrame, after: pl.DataFrame, explained: set[str | None]
) -> Iterator[FalseAlarm]:
    """Find gaps that are new or say something else than before, and that no expected gap is."""
    known = before.select("gap_id", *_SAME)
    new = after.join(known, on=["gap_id", *_SAME], how="anti", nulls_equal=True)
    for row in new.filter(~pl.col("gap_id").is_in(sorted(one for one in explained if one))).iter_rows(named=True):
        beside = next((case.name for case, company in planted if _is_of(row, company)), "")
        yield FalseAlarm(row["gap_id"], row["account_id"], row["family"], row["cause"], row["difference_minor"], beside)
