"""Who is named in raw files: names, e-mail addresses, domains, phones, streets and postal addresses, as text to search for."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl


def personal_values(raw: Path) -> set[str]:
    """Every value of the raw files by which a company or a person could be found."""
    found = {value.strip() for value in [*_of_salesforce(raw / "salesforce"), *_of_stripe(raw / "stripe")] if value}
    domains = {
        match[1].lower()
        for value in found
        for match in [re.search(r"(?:@|//(?:www\.)?)([\w.-]+\.\w+)", value)]
        if match
    }
    return {value for value in found | domains if len(value) > 3}


def _of_salesforce(folder: Path) -> Iterator[str]:
    for row in _rows(folder / "Account.csv"):
        for name, value in row.items():
            if re.search(r"Name|Website|Phone|Street|Email", name) and not name.endswith("Id"):
                yield value
        yield (
            f"{row.get('BillingPostalCode', '')} {row.get('BillingCity', '')}".strip() if row.get("BillingCity") else ""
        )
    for row in _rows(folder / "Contact.csv"):
        yield from (
            row.get("Email", ""),
            f"{row.get('FirstName', '')} {row.get('LastName', '')}".strip(),
            row.get("Phone", ""),
        )
    for row in _rows(folder / "Opportunity.csv"):
        yield from (
            value for name, value in row.items() if name in {"Name", "Owner.Name", "Owner.Email", "Description"}
        )


def _of_stripe(folder: Path) -> Iterator[str]:
    for line in (folder / "customers.jsonl").read_text(encoding="utf-8").splitlines():
        customer = json.loads(line)
        yield from (customer.get(name) or "" for name in ("name", "email", "phone", "description"))
        for place in (customer.get("address"), (customer.get("shipping") or {}).get("address")):
            for part in ("line1", "line2"):
                yield (place or {}).get(part) or ""
            if place and place.get("postal_code") and place.get("city"):
                yield f"{place['postal_code']} {place['city']}"


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def texts_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file of a folder as text; a Parquet file as the values of its columns."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        if file.suffix == ".parquet":
            rows = pl.read_parquet(file)
            yield name, "\n".join(str(value) for column in rows.get_columns() for value in column.to_list())
        yield name, file.read_bytes().decode("utf-8", errors="replace")


def found_in(folder: Path, values: set[str]) -> dict[str, list[str]]:
    """Where which of the values still stand."""
    patterns = sorted(values | {html.escape(value) for value in values} | {json.dumps(value)[1:-1] for value in values})
    hits: dict[str, list[str]] = {}
    for name, text in texts_of(folder):
        some = pl.Series([text]).str.extract_many(patterns).explode().drop_nulls().unique().sort().to_list()
        if some:
            hits.setdefault(name, []).extend(some)
    return hits
