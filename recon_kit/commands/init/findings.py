"""What was found in a folder, and the columns of it by object and field, whichever form the files have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from recon_kit.commands.init.layout import LayoutFile, home_of, layout_object, misplaced, read_layout
from recon_kit.commands.init.objects import REQUIRED_OBJECTS, plain_name
from recon_kit.commands.init.recognise import ObjectMap, inside_charges, map_within, recognise, without_repeats
from recon_kit.commands.init.spellings import usual_header
from recon_kit.commands.init.stripe_lines import StripeLines, read_lines
from recon_kit.commands.init.survey import SeenFile, Survey
from recon_kit.field_map import DEFAULT_FIELDS, OBJECT_OF

_KEYS = {
    (f"salesforce/{OBJECT_OF[part]}", name): key
    for part, keys in DEFAULT_FIELDS.items()
    for key, names in list(keys.items())[::-1]
    for name in names[:1]
}
"""Our key of a Salesforce column that is its first source."""


@dataclass(frozen=True)
class Column:
    """One column of a file that holds a field: its name and its first values as text."""

    file: SeenFile
    header: str
    values: pl.Series


@dataclass(frozen=True)
class Findings:
    """A folder understood.

    Attributes:
        maps: hand-made exports, one entry per (file, object), by file name.
        layout: files of the raw layout, by file name.
        lines: the first lines of the layout's JSON files, by file name.
        unused: by file name, why a file is not used.
    """

    survey: Survey
    maps: list[ObjectMap]
    layout: list[LayoutFile]
    lines: dict[str, StripeLines]
    unused: dict[str, str] = field(default_factory=dict)

    @property
    def objects(self) -> set[str]:
        """The objects that some file has."""
        return {found.object_name for found in self.maps} | {file.object_name for file in self.layout}

    def columns(self, object_name: str, name: str) -> Iterator[Column]:
        """List the columns that hold a field, over all tables."""
        for found in self.maps:
            if found.object_name == object_name and name in found.headers:
                header = found.headers[name]
                yield Column(found.file, header, found.file.rows[header])
        for file in self.layout:
            column = _layout_column(file, object_name, name)
            if column:
                yield Column(file.file, column, file.file.rows[column])


def _layout_column(file: LayoutFile, object_name: str, name: str) -> str | None:
    if file.object_name != object_name or file.file.is_json:
        return None
    key = _KEYS.get((object_name, name))
    if file.part and key:
        return file.column_of(key)
    return next((header for header in file.file.header if header.lower() == name.lower()), None)


def understand(survey: Survey) -> Findings:
    """Recognise every readable file of a folder."""
    layout, tables, unused, lines = [], [], dict(survey.unread), {}
    for file in survey.files:
        object_name = layout_object(file, survey.folder)
        taken = read_layout(file, object_name) if object_name else None
        if taken:
            layout.append(taken)
        elif file.is_json:
            unused[file.name] = misplaced(read_lines(file).most_common("object"))
        else:
            tables.append(file)
        if taken and file.is_json:
            lines[file.name] = read_lines(file)
    maps, left_out = _recognised(tables, {taken.object_name for taken in layout}, survey.folder)
    return Findings(survey, maps, layout, lines, unused | left_out)


def _recognised(tables: list[SeenFile], given: set[str], folder: Path) -> tuple[list[ObjectMap], dict[str, str]]:
    """Recognise the tables; what the raw layout gives already is not taken from a table too."""
    found, unused = [], {}
    for file in tables:
        best = recognise(file)
        obstacle = _obstacle(best, given, folder)
        if best is None or obstacle:
            unused[file.name] = obstacle or ""
        else:
            found.append(best)
    kept, repeated = without_repeats(found)
    return [*kept, *_seconds(kept, given)], unused | repeated


def _obstacle(found: ObjectMap | None, given: set[str], folder: Path) -> str | None:
    """Say why a table cannot be used; none where it can."""
    if found is None:
        return "has the columns of no object that is known; if it is one, name its columns by hand"
    if found.lacking and found.object_name not in REQUIRED_OBJECTS:
        return _incomplete(found)
    if found.object_name in given:
        return f"looks like {plain_name(found.object_name)}, which a file of the raw layout gives already"
    if not found.file.name.startswith(home_of(folder, found.object_name.split("/")[0])):
        return "lies beside the folder raw, in which a close looks for it: move it there"
    return None


def _incomplete(found: ObjectMap) -> str:
    headers = [repr(usual_header(found.object_name, group[0], found.file.header)) for group in found.lacking]
    return f"holds {plain_name(found.object_name)}, which a close can do without; to use it, add {', '.join(headers)}"


def _seconds(maps: list[ObjectMap], given: set[str]) -> list[ObjectMap]:
    """Find required objects without a file of their own inside other files, in the one that fits best."""
    absent = [name for name in REQUIRED_OBJECTS if name not in {found.object_name for found in maps} | given]
    charges = [found for found in maps if found.object_name == "stripe/charges"]
    seconds = [second for found in charges for second in inside_charges(found) if second.object_name not in given]
    for object_name in absent:
        within = [second for found in maps if (second := map_within(found, object_name))]
        if within:
            best = max(within, key=lambda second: second.score)
            seconds += [second for second in within if second.file.header == best.file.header]
    return seconds
