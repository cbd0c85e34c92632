"""Which object a file holds: by the columns it has, whose ids stand in them, and its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from recon_kit.commands.init.matching import KNOWN_SPELLING, SAME_WORDS, FieldMatch, match_fields, words
from recon_kit.commands.init.objects import INSIDE_CHARGES, MEANT_BY_VALUES, REQUIRED_FIELDS, STAND_INS, kind_of
from recon_kit.commands.init.recurring_amounts import stated_amounts
from recon_kit.commands.init.spellings import SPELLINGS
from recon_kit.commands.init.survey import SeenFile
from recon_kit.commands.init.value_signs import ColumnSigns

_UNIQUE_ID, _LEADING_ID, _NAMED, _LACKING = 2.0, 2.0, 2.0, 2.0
_REPEATED_ID = 2.0
_IN_SEVERAL_ROWS = {"stripe/subscriptions"}  # one row an item
_OVERLAP = 0.5
_STANDING_IN = 0.6
_NOUNS = {"salesforce/Account": "account", "stripe/customers": "customer", "salesforce/Opportunity": "opportunity"}
_FILE_NAMES = {
    "salesforce/OpportunityLineItem": r"opportunit\w*[ _-]*(line|product)|line_?items?",
    "salesforce/OpportunityHistory": r"history",
    "salesforce/Account": r"account",
    "salesforce/Opportunity": r"opportunit|deals|\bwon\b|bookings",
    "salesforce/Contact": r"contact",
    "salesforce/Contract": r"contract",
    "stripe/charges": r"charge|payments",
    "stripe/customers": r"customer",
    "stripe/subscriptions": r"subscription",
    "stripe/invoices": r"invoice",
}


@dataclass(frozen=True)
class ObjectMap:
    """The columns of one file that make records of one object.

    Attributes:
        lacking: groups of required fields none of which has a column.
        score: how well the file fits the object, compared with other objects and files.
    """

    object_name: str
    file: SeenFile
    matches: list[FieldMatch]
    lacking: list[list[str]] = field(default_factory=list)
    score: float = 0.0

    @property
    def headers(self) -> dict[str, str]:
        """The column of each field."""
        return {match.field: match.header for match in self.matches}

    @property
    def id_match(self) -> FieldMatch | None:
        """The match of the object's own id."""
        return next((match for match in self.matches if match.field in {"Id", "id"}), None)

    def columns_of_kind(self, kind: str) -> list[pl.Series]:
        """List the columns whose field holds dates, amounts or another kind, each once."""
        fields = self.headers.items()
        wanted = dict.fromkeys(header for name, header in fields if kind_of(self.object_name, name) == kind)
        return [self.file.rows[header].alias(kind) for header in wanted]

    @property
    def grade(self) -> str:
        """The lowest grade among the required fields, since one wrong column spoils the object."""
        needed = {name for group in REQUIRED_FIELDS.get(self.object_name, [["Id", "id"]]) for name in group}
        grades = [match.grade for match in self.matches if match.field in needed]
        return "low" if self.lacking else next((grade for grade in ("low", "medium") if grade in grades), "high")


def recognise(file: SeenFile) -> ObjectMap | None:
    """Find the object that fits a table best; none where no object has half of what it requires."""
    fitting = [found for name in SPELLINGS if _is_possible(found := map_object(file, name))]
    return max(fitting, key=lambda found: found.score, default=None)


def map_object(file: SeenFile, object_name: str, header: list[str] | None = None) -> ObjectMap:
    """Match the columns of a table with the fields of one object."""
    spellings = SPELLINGS[object_name]
    kinds = {name: kind for name in spellings if (kind := kind_of(object_name, name))}
    columns = header if header is not None else file.header
    signs = {name: file.signs[name] for name in columns}
    matches = match_fields(signs, spellings, kinds, by_values=MEANT_BY_VALUES)
    id_names = [["Id"] if object_name.startswith("salesforce/") else ["id"]]
    groups = REQUIRED_FIELDS.get(object_name, id_names)
    matches = [*matches, *_shared(signs, object_name, matches, groups)]
    if object_name == "salesforce/Opportunity" and "Amount" not in {match.field for match in matches}:
        matches += [stated.as_amount("Amount") for stated in stated_amounts(file)[:1]]
    present = {match.field for match in matches}
    lacking = [group for group in groups if not present & set(group)]
    found = ObjectMap(object_name, file, matches, lacking)
    return ObjectMap(object_name, file, matches, lacking, _score(found))


def _shared(
    signs: Mapping[str, ColumnSigns], object_name: str, matches: list[FieldMatch], groups: list[list[str]]
) -> list[FieldMatch]:
    """Let a required field without a column share one that another field took, where it is known to stand in."""
    present = {match.field for match in matches}
    open_fields = [group[0] for group in groups if not present & set(group)]
    sure = KNOWN_SPELLING if object_name in INSIDE_CHARGES else _STANDING_IN
    spellings = {name: STAND_INS[object_name, name] for name in open_fields if (object_name, name) in STAND_INS}
    kinds = {name: kind for name in open_fields if (kind := kind_of(object_name, name))}
    found = match_fields(signs, spellings, kinds, by_values=())
    known = [match for match in found if match.confidence >= KNOWN_SPELLING]
    why = "stands in, for there is no column of its own"
    return [FieldMatch(match.field, match.header, sure, f"{why}; {match.reason}") for match in known]


def _score(found: ObjectMap) -> float:
    score = sum(match.confidence for match in found.matches) - _LACKING * len(found.lacking)
    score += _NAMED * is_named_after(found.file, found.object_name)
    if found.id_match:
        its = found.file.signs[found.id_match.header]
        score += _UNIQUE_ID * (its.is_unique and its.owner == found.object_name)
        score -= _REPEATED_ID * (not its.is_unique and found.object_name not in _IN_SEVERAL_ROWS)
        score += _LEADING_ID * (found.file.header.index(found.id_match.header) == 0)
    return score


def is_named_after(file: SeenFile, object_name: str) -> bool:
    """Tell whether the name of a file says that it holds an object."""
    pattern = _FILE_NAMES.get(object_name, rf"{object_name.rsplit('/', 1)[-1]}")
    named = [name for name, its in _FILE_NAMES.items() if re.search(its, file.name, re.IGNORECASE)]
    return bool(re.search(pattern, file.name, re.IGNORECASE)) and (not named or named[0] == object_name)


def _is_possible(found: ObjectMap) -> bool:
    groups = REQUIRED_FIELDS.get(found.object_name, [["id"]])
    is_named = is_named_after(found.file, found.object_name)
    if found.id_match is None and not (len(groups) > 1 and len(found.lacking) <= len(groups) / 2) and not is_named:
        return False
    if found.object_name not in REQUIRED_FIELDS and not is_named:
        return found.id_match is not None and found.file.signs[found.id_match.header].owner == found.object_name
    return (is_named or len(found.lacking) * 2 <= len(groups)) and len(found.matches) > 1


def map_within(primary: ObjectMap, object_name: str) -> ObjectMap | None:
    """Find a second object in a file, such as the accounts in a report of opportunities.

    Only columns that name the object, or that the first object does not use, are taken.

    Returns:
        None where a required field has no column, or nothing but an id tells of a customer.
    """
    noun = _NOUNS.get(object_name, "")
    used = {match.header for match in primary.matches if match.confidence >= SAME_WORDS}
    columns = [name for name in primary.file.header if noun in words(name) or name not in used]
    found = map_object(primary.file, object_name, columns)
    sure = all(match.confidence >= SAME_WORDS for match in found.matches if match.field in {"Id", "id", "Name"})
    is_told = object_name != "stripe/customers" or not found.headers.keys().isdisjoint({"name", "email"})
    return found if sure and is_told and not found.lacking else None


def inside_charges(charges: ObjectMap) -> list[ObjectMap]:
    """Find the refunds and disputes that the Dashboard's payments carry in further columns."""
    present = {name.strip().lower() for name in charges.file.header}
    names = [name for name, column in INSIDE_CHARGES.items() if column.lower() in present]
    return [found for name in names if not (found := map_object(charges.file, name)).lacking]


def without_repeats(maps: Iterable[ObjectMap]) -> tuple[list[ObjectMap], dict[str, str]]:
    """Leave out files that hold the records of another one over again with other columns, such as summary tables.

    Files with the same columns, such as monthly exports, all stay.

    Returns:
        (maps kept, by file name; why each other file is not used).
    """
    kept: list[ObjectMap] = []
    repeated: dict[str, str] = {}
    for found in sorted(maps, key=lambda found: (-found.score, found.file.name)):
        fuller = next((other for other in kept if _repeats(found, other)), None)
        if fuller:
            repeated[found.file.name] = f"holds the same records as {fuller.file.name}, with fewer known columns"
        else:
            kept.append(found)
    return sorted(kept, key=lambda found: found.file.name), repeated


def _repeats(found: ObjectMap, other: ObjectMap) -> bool:
    if found.object_name != other.object_name or found.file.header == other.file.header:
        return False
    if found.id_match is None or other.id_match is None:
        return False
    ids = found.file.signs[found.id_match.header].filled
    others = other.file.signs[other.id_match.header].filled
    return int(ids.is_in(others.implode()).sum()) > _OVERLAP * ids.len()
