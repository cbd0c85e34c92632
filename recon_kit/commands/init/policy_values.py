"""Which keys of the policy the data speak about: pick lists, currency, basis of amounts, mode."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.commands.init.findings import Column, Findings
from recon_kit.commands.init.picklists import PickList, pick_list
from recon_kit.commands.init.value_signs import filled

_OPPORTUNITY, _ACCOUNT = "salesforce/Opportunity", "salesforce/Account"
_SOURCES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("stage", _OPPORTUNITY, "StageName", ("won_values",)),
    ("type", _OPPORTUNITY, "Type", ("renewal_values", "expansion_values", "new_values")),
    ("account status", _ACCOUNT, "Customer_Status__c", ("churned_values",)),
    ("account type", _ACCOUNT, "Type", ("churned_values",)),
    ("billing system", _OPPORTUNITY, "Billing_System__c", ("billed_in_stripe_values",)),
)


@dataclass(frozen=True)
class FoundList:
    """A pick list of the data.

    Attributes:
        subject: what it is the list of: stage, type, account status, …
        keys: the policy keys that its values may stand under.
    """

    subject: str
    keys: tuple[str, ...]
    picked: PickList


def pick_lists(findings: Findings) -> list[FoundList]:
    """Read the pick lists of the data, in a fixed order; several files of one object count together."""
    found: list[FoundList] = []
    seen: set[tuple[str, str]] = set()
    for subject, object_name, field, keys in _SOURCES:
        columns = list(findings.columns(object_name, field))
        names = {(column.file.name, column.header) for column in columns}
        if not columns or names & seen:
            continue
        seen |= names
        values = pl.concat([column.values.alias("value") for column in columns])
        where = ", ".join(f"{column.file.name}: {column.header}" for column in columns)
        found.append(FoundList(subject, keys, pick_list(where, values, keys)))
    return [entry for entry in found if entry.picked.counts]


def chosen_values(lists: list[FoundList]) -> dict[str, tuple[list[str], str]]:
    """Choose the values of each policy key that a pick list speaks about, over all lists.

    Returns:
        By key: its defaults and what was found beside them, and which of them were found. The billing system is left
        open where every value is billed in Stripe, or none.
    """
    chosen: dict[str, tuple[list[str], str]] = {}
    for found in lists:
        for key in found.keys:
            values = found.picked.chosen[key]
            if key == "billed_in_stripe_values" and not (values and found.picked.unclear):
                continue
            before, told = chosen.get(key, ([], ""))
            meant = found.picked.shown(found.picked.meant.get(key, [])) or "none of them"
            words = f"found as {found.subject}: {meant}"
            chosen[key] = (list(dict.fromkeys([*before, *values])), f"{told}; {words}" if told else words)
    return chosen


def no_won_stage(findings: Findings, lists: list[FoundList]) -> str | None:
    """Ask which stages are won, where no flag says so and no stage looks like it."""
    flagged = [column for column in findings.columns(_OPPORTUNITY, "IsWon") if _says(column)]
    stages = next((found.picked for found in lists if found.subject == "stage"), None)
    if flagged or stages is None or stages.meant.get("won_values"):
        return None
    return (
        f"No stage looks like won ({stages.column}). Write those that are into policy.won_values; "
        f"found: {stages.listing}."
    )


def _says(column: Column) -> bool:
    return filled(column.values).len() > 0
