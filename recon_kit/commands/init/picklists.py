"""Pick-list values of stage, type, status and billing system: which are there, and which the policy should name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

from recon_kit.commands.init.value_signs import filled
from recon_kit.policy import Policy

_SHOWN, _LONGEST = 12, 40

_MEANINGS = {
    "won_values": r"\bwon\b|\bsigned\b|gewonnen|gagn[ée]|\bganad[ao]|\bvinta\b|\bvunnet\b",
    "renewal_values": r"renew|verl[äa]nger|renouvel|renov",
    "expansion_values": r"expan|up-?sell|cross|add-?\s?on|upgrade|downgrade|replacement|amend|existing|seat|growth",
    "new_values": r"\bnew\b|neu|nouveau|nuevo|first|initial|acquisition",
    "churned_values": r"churn|cancel|\bformer\b|\bex-|\bpast customer|\bterminated|\blost customer|offboarded",
    "billed_in_stripe_values": r"stripe",
}
_NOT_MEANT = {
    "won_values": r"\blost\b|\bnot\b|verloren|perdu|unsigned|\bunwon\b|pending",
    "churned_values": r"risk|\bnot\b|pending",
    "new_values": r"renew",
}


@dataclass(frozen=True)
class PickList:
    """The values of one column, and what the policy should say of them.

    Attributes:
        column: file and column.
        counts: value and number of records, most frequent first.
        chosen: by policy key, its defaults and the values that seem meant beside them.
        unclear: values that no key is proposed for.
        meant: by policy key, the values found that it names or should name.
    """

    column: str
    counts: list[tuple[str, int]]
    chosen: dict[str, list[str]] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)
    meant: dict[str, list[str]] = field(default_factory=dict)

    @property
    def listing(self) -> str:
        """The values with their counts, in one line."""
        return self.shown([value for value, _ in self.counts])

    def shown(self, values: list[str]) -> str:
        """Write some of the values with their counts, in one line."""
        counts = dict(self.counts)
        more = len(values) - _SHOWN
        shown = ", ".join(f"{value} ({counts[value]})" for value in values[:_SHOWN])
        return f"{shown}{f' and {more} more' if more > 0 else ''}"


def pick_list(column: str, values: pl.Series, keys: tuple[str, ...]) -> PickList:
    """Sort the values of a pick-list column under the policy keys that may name them, the first that fits.

    Values that look like free text (long ones, addresses) are not shown.
    """
    counts = value_counts(values)
    defaults = Policy()
    meant: dict[str, list[str]] = {key: [] for key in keys}
    unclear: list[str] = []
    for value, _ in counts:
        key = _meaning(value, keys, defaults)
        (meant[key] if key else unclear).append(value)
    chosen = {}
    for key in keys:
        standard: list[str] = getattr(defaults, key)
        beyond = [value for value in meant[key] if value.lower() not in {known.lower() for known in standard}]
        chosen[key] = [*standard, *beyond]
    return PickList(column, counts, chosen, unclear, {key: values for key, values in meant.items() if values})


def value_counts(values: pl.Series) -> list[tuple[str, int]]:
    """Count the values of a pick list, most frequent first."""
    texts = filled(values)
    short = texts.filter((texts.str.len_chars() <= _LONGEST) & ~texts.str.contains("@", literal=True))
    counted = short.to_frame("value").group_by("value").len().sort(["len", "value"], descending=[True, False])
    return [(value, count) for value, count in counted.iter_rows()]


def _meaning(value: str, keys: tuple[str, ...], defaults: Policy) -> str | None:
    for key in keys:
        if value.lower() in {known.lower() for known in getattr(defaults, key)}:
            return key
    for key in keys:
        unmeant = _NOT_MEANT.get(key)
        if re.search(_MEANINGS[key], value, re.IGNORECASE) and not (
            unmeant and re.search(unmeant, value, re.IGNORECASE)
        ):
            return key
    return None
