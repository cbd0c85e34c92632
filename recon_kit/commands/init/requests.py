"""What a close needs and the folder does not have, asked for in words."""

from __future__ import annotations

from dataclasses import dataclass

from recon_kit.commands.init.findings import Findings
from recon_kit.commands.init.objects import REQUIRED_OBJECTS, how_to_export, plain_name
from recon_kit.commands.init.recognise import ObjectMap
from recon_kit.commands.init.spellings import is_warehouse, usual_header
from recon_kit.field_map import DEFAULT_FIELDS

_PRICED = ("plan.amount", "plan.interval")
"""What prices of their own tell of a subscription that names its price."""
_LAYOUT_NAMES = {"stripe": "stripe/{}.jsonl", "salesforce": "salesforce/{}.csv"}


@dataclass(frozen=True)
class Request:
    """One thing that is missing.

    Attributes:
        object_name: the object it belongs to.
        file: the file that lacks it; none where no file has the object.
        field: the missing field, as the columns map names it.
        message: what is missing and what to do.
    """

    object_name: str
    file: str | None
    field: str | None
    message: str


def missing_parts(findings: Findings) -> list[Request]:
    """List what is missing: objects without a file, then required fields without a column, by file."""
    requests = [_absent(findings, name) for name in REQUIRED_OBJECTS if name not in findings.objects]
    for found in findings.maps:
        told = _PRICED if "stripe/prices" in findings.objects and "plan.id" in found.headers else ()
        requests += [lacking_part(found, group) for group in found.lacking if group[0] not in told]
    for file in findings.layout:
        requests += [_lacking_key(file.object_name, file.file.name, file.part or "", group) for group in file.lacking]
    return requests


def _absent(findings: Findings, object_name: str) -> Request:
    source, name = object_name.split("/")
    uses_layout = any(file.object_name.startswith(source) for file in findings.layout)
    ending = f", or put {_LAYOUT_NAMES[source].format(name)} there" if not uses_layout else ""
    how = f"put {_LAYOUT_NAMES[source].format(name)} there" if uses_layout else how_to_export(object_name)
    return Request(object_name, None, None, f"No file has {plain_name(object_name)}: {how}{ending}.")


def lacking_part(found: ObjectMap, group: list[str]) -> Request:
    """Ask for a column that a file lacks, by the name it usually has."""
    object_name, file = found.object_name, found.file
    names = " or ".join(repr(usual_header(object_name, field, file.header)) for field in group)
    report = "table" if is_warehouse(file.header) else "report" if object_name.startswith("salesforce") else "export"
    absent = f"{file.name} has no column for {' or '.join(group)} of {plain_name(object_name)}"
    return Request(object_name, file.name, group[0], f"{absent}: add {names} to the {report}.")


def _lacking_key(object_name: str, file: str, part: str, group: list[str]) -> Request:
    columns = [DEFAULT_FIELDS[part][key][0] for key in group]
    keys = " or ".join(f"fields.{part}.{key}" for key in group)
    absent = f"{file} has no column {' or '.join(columns)}"
    message = f"{absent}: add it to the export, or name the column that holds it in {keys}."
    return Request(object_name, file, group[0], message)
