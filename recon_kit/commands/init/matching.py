"""Which column of a file holds which field: by its name, by its values, with a confidence and the reason."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from recon_kit.commands.init.value_signs import HARDLY, ID_FORMS, MOSTLY, ColumnSigns

KNOWN_SPELLING, SAME_WORDS, LIKE_SPELLING, VALUES_ALONE = 0.95, 0.85, 0.65, 0.55
"""Confidence that a name gives, before the values are looked at."""
_AGREEING, _UNPROVEN = 0.04, 0.10
"""What values that agree add, and what values of no known form take off a field that has one."""
HIGH, MEDIUM = 0.85, 0.6
_LIKENESS = 0.8
_SHORTEST_ALIKE = 7

_SHORT_FORMS = {
    "acct": "account",
    "cust": "customer",
    "opp": "opportunity",
    "oppty": "opportunity",
    "sub": "subscription",
    "subs": "subscription",
    "amt": "amount",
    "qty": "quantity",
    "curr": "currency",
    "ccy": "currency",
    "inv": "invoice",
    "num": "number",
    "no": "number",
    "dt": "date",
    "freq": "frequency",
}
_SILENT = {"18", "15", "sf", "sfdc", "salesforce", "crm", "stripe", "utc", "field", "casesafe", "the", "of", "c"}
"""Words that a header may have or not and still be the same field."""


@dataclass(frozen=True)
class FieldMatch:
    """One field of the layout and the column proposed for it.

    Attributes:
        confidence: 0 to 1: what the name gives (0.95 a known spelling, 0.85 the same words, 0.65 a like spelling, 0.55
            the values alone), plus 0.04 where the values agree, times their share where only part of them does.
        reason: the same in words.
    """

    field: str
    header: str
    confidence: float
    reason: str

    @property
    def grade(self) -> str:
        """The confidence in a word."""
        return "high" if self.confidence >= HIGH else "medium" if self.confidence >= MEDIUM else "low"


@cache
def words(header: str) -> tuple[str, ...]:
    """Take a header apart into plain lower-case words: ``acme__Stripe_Cust_ID__c`` is stripe, customer, id."""
    bare = re.sub(r"^(?:[a-z0-9]+__(?=.*__[cr]$))?(.*?)(?:__[cr])?$", r"\1", header.strip(), flags=re.IGNORECASE)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", bare)
    return tuple(_SHORT_FORMS.get(word, word) for word in re.findall(r"[^\W_]+", spaced.lower()))


@cache
def _telling(header: str) -> tuple[str, ...]:
    every = words(header)
    return tuple(word for word in every if word not in _SILENT) or every


def match_fields(
    signs: Mapping[str, ColumnSigns],
    spellings: Mapping[str, tuple[str, ...]],
    kinds: Mapping[str, str],
    *,
    by_values: Collection[str],
) -> list[FieldMatch]:
    """Propose a column for each field that has one; a column serves one field, a field has one column.

    Args:
        signs: the columns in the order of the file, and what their values give away.
        spellings: known spellings by field.
        kinds: what the values of a field are, see ``ColumnSigns``; a field not in it may hold any text.
        by_values: id fields that a column may be proposed for by its values alone.

    Returns:
        Matches in the order of ``spellings``. The surest are settled first.
    """
    possible = [
        found
        for field, known in spellings.items()
        for header, its in signs.items()
        if (found := _by_name(field, header, known, its, kinds.get(field)))
    ]
    order = {name: place for place, name in enumerate(signs)}
    taken: dict[str, FieldMatch] = {}
    for found in sorted(possible, key=lambda match: (-match.confidence, order[match.header], match.field)):
        if found.field not in taken and found.header not in {match.header for match in taken.values()}:
            taken[found.field] = found
    told = _by_values(signs, taken, {name: kinds[name] for name in spellings if name in by_values and name in kinds})
    return [match for field in spellings if (match := taken.get(field) or told.get(field))]


def _by_name(field: str, header: str, known: tuple[str, ...], its: ColumnSigns, kind: str | None) -> FieldMatch | None:
    base, reason = _name_evidence(header, known)
    if not base:
        return None
    share = its.share(kind)
    if share is None:
        return FieldMatch(field, header, base, f"{reason}{'' if its.filled_count else '; the column is empty'}")
    if share < HARDLY and (kind not in ID_FORMS or its.owner not in {None, kind}):
        return None
    if share < HARDLY:
        return FieldMatch(field, header, base - _UNPROVEN, f"{reason}; its ids have a form of their own")
    if share < MOSTLY:
        return FieldMatch(field, header, round(base * share, 2), f"{reason}; {share:.0%} of the values {_fit(kind)}")
    return FieldMatch(field, header, round(base + _AGREEING, 2), f"{reason}; the values {_fit(kind)}")


@cache
def _name_evidence(header: str, known: tuple[str, ...]) -> tuple[float, str]:
    if header.strip().lower() in {name.lower() for name in known}:
        return KNOWN_SPELLING, "a known spelling"
    same = next((name for name in known if words(name) == words(header)), None)
    same = same or next((name for name in known if _telling(name) == _telling(header)), None)
    if same:
        return SAME_WORDS, f"the words of {same!r}"
    like = next((name for name in known if _are_alike(_telling(header), _telling(name))), None)
    return (LIKE_SPELLING, f"spelt like {like!r}") if like else (0, "")


def _are_alike(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Tell whether two names differ by slips of the pen only: word by word, so that Sent Date is not End Date."""
    if len(left) != len(right) or min(len("".join(left)), len("".join(right))) < _SHORTEST_ALIKE:
        return False
    return all(
        one == two or (one[0] == two[0] and _likeness(one, two) >= _LIKENESS)
        for one, two in zip(left, right, strict=True)
    )


def _likeness(left: str, right: str) -> float:
    return difflib.SequenceMatcher(None, left, right, autojunk=False).ratio()


def _fit(kind: str | None) -> str:
    if kind in ID_FORMS:
        return f"begin with {ID_FORMS[kind]}"
    return {"flag": "are yes or no", "currency": "are codes of currencies"}.get(kind or "", f"are {kind}s")


def _by_values(
    signs: Mapping[str, ColumnSigns], taken: Mapping[str, FieldMatch], kinds: Mapping[str, str]
) -> dict[str, FieldMatch]:
    """Give an id field without a column the only column left that holds such ids."""
    used = {match.header for match in taken.values()}
    found = {}
    for field, kind in kinds.items():
        holders = [name for name, its in signs.items() if name not in used and its.owner == kind]
        rivals = [other for other, its in kinds.items() if its == kind and other not in taken]
        if len(holders) != 1 or field in taken or rivals[0] != field:
            continue
        if field not in {"Id", "id"} or signs[holders[0]].is_key:
            reason = f"by its values alone: they begin with {ID_FORMS[kind]}"
            found[field] = FieldMatch(field, holders[0], VALUES_ALONE, reason)
    return found
