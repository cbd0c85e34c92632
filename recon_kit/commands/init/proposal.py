"""The proposal: everything a params file for a folder of exports should say, each guess with its reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from recon_kit.commands.init.dates_seen import date_styles, last_month_end, newest_date, next_month_end
from recon_kit.commands.init.findings import Findings, understand
from recon_kit.commands.init.layout import override_columns
from recon_kit.commands.init.locale_signs import DateStyle
from recon_kit.commands.init.matching import FieldMatch
from recon_kit.commands.init.money_signs import Told, amount_style, in_minor_units, reporting_currency, stripe_mode
from recon_kit.commands.init.policy_values import FoundList, chosen_values, no_won_stage, pick_lists
from recon_kit.commands.init.recognise import ObjectMap
from recon_kit.commands.init.recurring_amounts import basis_of
from recon_kit.commands.init.requests import Request, missing_parts
from recon_kit.commands.init.survey import SeenFile, survey

_OPPORTUNITY = "salesforce/Opportunity"
_NEAR = 3
"""Days before a month's end in which the newest record may lie though the export was made after it."""


@dataclass(frozen=True)
class ExportEntry:
    """One file of the params' ``columns``.

    Attributes:
        objects: the objects it feeds, the fullest first.
        dates: how it writes dates; none: no date was found.
        decimal: the decimal sign and the reason.
        minor: set where amounts are in the smallest unit.
    """

    file: SeenFile
    objects: list[ObjectMap]
    dates: DateStyle | None
    decimal: tuple[str, str]
    minor: Told | None


@dataclass(frozen=True)
class Proposal:
    """What a params file should say.

    Attributes:
        overrides: part of the field map, our field, columns, and the match that proposed them.
        policy: keys of the policy with their reasons.
        requests: what is missing; empty when a close accepts the proposal as it is.
        doubts: guesses that a person should look at before closing.
    """

    findings: Findings
    as_of: Told
    exports: list[ExportEntry]
    overrides: dict[str, dict[str, tuple[list[str], FieldMatch]]]
    policy: dict[str, tuple[object, str]]
    lists: list[FoundList]
    requests: list[Request] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether a close would accept it without editing."""
        return not self.requests


def propose(folder: Path, as_of: dt.date | None = None) -> Proposal:
    """Read the headers and first records of a folder and propose what its params file should say.

    Args:
        folder: an existing folder.
        as_of: the day of the close; none: the last month end on or before the newest date seen.
    """
    findings = understand(survey(folder))
    currency = reporting_currency(findings)
    styles = date_styles(findings, currency.value)
    lists = pick_lists(findings)
    exports = _entries(findings, styles)
    day = _as_of(findings, styles, as_of)
    unclear_won = no_won_stage(findings, lists)
    requests = missing_parts(findings)
    if unclear_won:
        requests.append(Request(_OPPORTUNITY, None, None, unclear_won))
    if not day.value:
        requests.append(Request("", None, None, f"No date was found to close on: {day.reason}."))
    overrides = _overrides(findings)
    policy = _policy(findings, currency, lists)
    doubts = _doubts(exports, overrides, day, currency)
    return Proposal(findings, day, exports, overrides, policy, lists, requests, doubts)


def _as_of(findings: Findings, styles: dict[str, DateStyle | None], given: dt.date | None) -> Told:
    if given:
        return Told(given.isoformat(), "as asked for")
    newest = newest_date(findings, styles)
    if newest is None:
        return Told("", "no file has a date that can be read; give --as-of 2026-10-31")
    day, place = newest
    proposed, month_end = last_month_end(day), next_month_end(day)
    reason = f"the last month end on or before the newest date seen, {day} ({place})"
    if day < month_end <= day + dt.timedelta(days=_NEAR):
        more = f"; if the files were exported after {month_end}, write {month_end}"
        return Told(proposed.isoformat(), reason + more, is_settled=False)
    return Told(proposed.isoformat(), reason)


def _entries(findings: Findings, styles: dict[str, DateStyle | None]) -> list[ExportEntry]:
    entries: dict[str, list[ObjectMap]] = {}
    for found in findings.maps:
        entries.setdefault(found.file.name, []).append(found)
    return [
        ExportEntry(
            objects[0].file, objects, styles.get(name), amount_style(findings, name), in_minor_units(findings, name)
        )
        for name, objects in sorted(entries.items())
    ]


def _overrides(findings: Findings) -> dict[str, dict[str, tuple[list[str], FieldMatch]]]:
    found: dict[str, dict[str, tuple[list[str], FieldMatch]]] = {}
    for file in findings.layout:
        for key, match in file.overrides.items():
            part = file.part or ""
            found.setdefault(part, {}).setdefault(key, (override_columns(part, key, match), match))
    return found


def _policy(findings: Findings, currency: Told, lists: list[FoundList]) -> dict[str, tuple[object, str]]:
    policy: dict[str, tuple[object, str]] = {"reporting_currency": (currency.value, currency.reason)}
    mode, basis = stripe_mode(findings), amount_basis(findings)
    if mode:
        policy["stripe_mode"] = (mode.value, mode.reason)
    if basis:
        policy["amount_basis"] = basis
    return policy | chosen_values(lists)


def amount_basis(findings: Findings) -> tuple[str, str] | None:
    """Tell what the amounts of opportunities stand for, where a column's name says it and no column says it by row."""
    if list(findings.columns(_OPPORTUNITY, "Amount_Basis__c")):
        return None
    told = [basis_of(column.file, column.header) for column in findings.columns(_OPPORTUNITY, "Amount")]
    return next((found for found in told if found), None)


def _doubts(
    exports: list[ExportEntry], overrides: dict[str, dict[str, tuple[list[str], FieldMatch]]], as_of: Told, money: Told
) -> list[str]:
    doubts = [f"as_of: {as_of.reason}." for _ in [0] if as_of.value and not as_of.is_settled]
    doubts += [f"reporting_currency: {money.reason}." for _ in [0] if not money.is_settled]
    for entry in exports:
        name = entry.file.name
        if entry.dates and not entry.dates.is_settled:
            doubts.append(f"{name}: dates are read as {entry.dates.format}: {entry.dates.reason}.")
        if entry.minor:
            doubts.append(f"{name}: amounts are taken to be in the smallest unit: {entry.minor.reason}.")
        weak = {m.header: m for found in entry.objects for m in found.matches if m.grade != "high"}
        doubts += [f"{name}: {m.header!r} is taken for {m.field} ({m.grade}: {m.reason})." for m in weak.values()]
    named = [(part, key, match) for part, keys in overrides.items() for key, (_, match) in keys.items()]
    return [
        *doubts,
        *(f"fields.{part}.{key}: {match.header} ({match.grade}: {match.reason})." for part, key, match in named),
    ]
