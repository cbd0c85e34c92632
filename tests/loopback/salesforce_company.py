"""The Salesforce side of a company: rows of a raw folder, typed as describe types them, changed as people change them."""

import csv
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

Row = dict[str, str]
ENTITY_OF = {
    "001": "Account",
    "003": "Contact",
    "005": "User",
    "006": "Opportunity",
    "00k": "OpportunityLineItem",
    "008": "OpportunityHistory",
    "01t": "Product2",
    "800": "Contract",
}
PREFIX_OF = {entity: prefix for prefix, entity in ENTITY_OF.items()}
TYPES = {
    "Id": "id", "MasterRecordId": "reference", "AccountId": "reference", "OwnerId": "reference", "ParentId": "reference", "ContractId": "reference", "OpportunityId": "reference",
    "Product2Id": "reference", "CreatedById": "reference", "Amends_Opportunity__c": "reference", "Prior_Opportunity__c": "reference",
    "Amount": "currency", "ExpectedRevenue": "currency", "PrevAmount": "currency", "UnitPrice": "currency", "TotalPrice": "currency", "ListPrice": "currency", "List_Price__c": "currency",
    "Quantity": "double", "Probability": "percent", "Discount_Percent__c": "percent", "ContractTerm": "int", "Contract_Term_Months__c": "double",
    "CloseDate": "date", "PrevCloseDate": "date", "StartDate": "date", "EndDate": "date", "ServiceDate": "date", "Churn_Date__c": "date", "Contract_Start_Date__c": "date",
    "Contract_End_Date__c": "date", "Discount_End_Date__c": "date", "Start_Date__c": "date", "End_Date__c": "date", "Delivery_Date__c": "date",
    "CreatedDate": "datetime", "LastModifiedDate": "datetime", "SystemModstamp": "datetime",
    "Type": "picklist", "StageName": "picklist", "Status": "picklist", "CurrencyIsoCode": "picklist", "Customer_Status__c": "picklist", "Amount_Basis__c": "picklist",
    "Billing_Cadence__c": "picklist", "Payment_Terms__c": "picklist", "Revenue_Type__c": "picklist", "ForecastCategory": "picklist",
    "Phone": "phone", "Website": "url", "Email": "email", "Billing_Email__c": "email", "Description": "textarea", "BillingStreet": "textarea",
}  # fmt: skip
NUMERIC = frozenset(("currency", "double", "percent", "int"))
TARGETS = {
    "OwnerId": "User",
    "CreatedById": "User",
    "AccountId": "Account",
    "ContractId": "Contract",
    "OpportunityId": "Opportunity",
    "Product2Id": "Product2",
}
CHILDREN = {
    "Account": (
        ("Contact", "AccountId"),
        ("Opportunity", "AccountId"),
        ("Contract", "AccountId"),
        ("Account", "ParentId"),
    )
}
DERIVED = {"User": ("OwnerId", "Owner"), "Product2": ("Product2Id", "Product2")}
MOMENT = "%Y-%m-%dT%H:%M:%S"


def moment_text(at: float) -> str:
    """An instant as both APIs write it."""
    return datetime.fromtimestamp(at, UTC).strftime(MOMENT) + f".{int(at % 1 * 1000):03d}+0000"


class Entity:
    """Rows of one object: cells as the CSV holds them, empty for null. A change makes another; open queries keep theirs."""

    def __init__(self, name: str, rows: pl.DataFrame) -> None:
        self.name, self.rows = name, rows
        self.own = [column for column in rows.columns if "." not in column]
        self.by_lower = {column.lower(): column for column in rows.columns}
        self.types = {column: _type_of(column, rows[column]) for column in self.own}
        self.json: dict[str, list[str]] = {}
        self.quoted: dict[str, list[str]] = {}
        self.typed: dict[str, pl.Series] = {}
        self.places: dict[str, int] | None = None

    def place(self, own: str) -> int | None:
        """Position of an id of fifteen or eighteen characters."""
        if self.places is None:
            self.places = {found[:15]: number for number, found in enumerate(self.rows["Id"].to_list())}
        return self.places.get(own[:15])

    def json_cells(self, column: str) -> list[str]:
        """JSON of a column's cells."""
        if column not in self.json:
            kind, cells = self.types.get(column, "string"), self.rows[column].to_list()
            bare = kind in NUMERIC or kind == "boolean"
            self.json[column] = [
                "null" if not cell else cell if bare else json.dumps(cell, ensure_ascii=False) for cell in cells
            ]
        return self.json[column]

    def quoted_cells(self, column: str) -> list[str]:
        """CSV of a column's cells, quoted as Bulk quotes them."""
        if column not in self.quoted:
            quoted = '"' + self.rows[column].str.replace_all('"', '""', literal=True) + '"'
            self.quoted[column] = quoted.to_list()
        return self.quoted[column]

    def values(self, column: str) -> pl.Series:
        """A column with its type, null for empty."""
        if column not in self.typed:
            cells, kind = self.rows[column], self.types.get(column, "string")
            cells = pl.select(pl.when(cells != "").then(cells)).to_series()
            if kind in NUMERIC:
                cells = cells.cast(pl.Float64)
            elif kind == "boolean":
                cells = cells == "true"
            elif kind == "date":
                cells = cells.str.to_date("%Y-%m-%d")
            elif kind == "datetime":
                cells = cells.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC")
            self.typed[column] = cells
        return self.typed[column]


def _type_of(column: str, cells: pl.Series) -> str:
    """Type of a column: by its name, else by what it holds."""
    if column in TYPES:
        return TYPES[column]
    found = cells.filter(cells != "")
    if column.startswith(("Is", "Has")) or (found.len() and found.is_in(["true", "false"]).all()):
        return "boolean"
    if not found.len():
        return "date" if "Date" in column else "string"
    patterns = {"date": r"^\d{4}-\d\d-\d\d$", "datetime": r"^\d{4}-\d\d-\d\dT.*$"}
    kind = next((kind for kind, pattern in patterns.items() if found.str.contains(pattern).all()), "string")
    if column.endswith("Id") and found.str.contains(r"^[0-9A-Za-z]{18}$").all():
        return "reference"
    is_numeric = found.str.contains(r"^-?\d+(\.\d+)?$").all() and not re.search(
        r"Phone|Code|Number|Name|Id\b|_ID_", column
    )
    return "double" if kind == "string" and is_numeric else kind


def target_of(entity: Entity, column: str) -> str:
    """The object that a reference points to."""
    if column in ("MasterRecordId", "ParentId"):
        return entity.name
    if column in TARGETS:
        return TARGETS[column]
    found = entity.rows[column].filter(entity.rows[column] != "")
    return ENTITY_OF.get(found[0][:3], "User") if found.len() else "Opportunity" if "Opportunity" in column else "User"


def relationship_of(column: str) -> str:
    """Name by which a reference is followed: ``Owner`` of OwnerId, ``Amends_Opportunity__r`` of the custom one."""
    return (
        column.removesuffix("__c") + "__r"
        if column.endswith("__c")
        else "CreatedBy"
        if column == "CreatedById"
        else column.removesuffix("Id")
    )


class SalesforceCompany:
    """All rows of one org."""

    def __init__(
        self, folder: Path | str, *, without: tuple[str, ...] = (), hidden: Mapping[str, list[str]] | None = None
    ) -> None:
        self.folder = Path(folder) / "salesforce"
        self.entities: dict[str, Entity] = {}
        for path in sorted(self.folder.glob("*.csv")):
            if path.stem not in without:
                rows = pl.read_csv(path, infer_schema=False).fill_null("")
                kept = rows.drop((hidden or {}).get(path.stem, []), strict=False)
                self.entities[path.stem] = Entity(path.stem, kept.unique("Id", keep="first", maintain_order=True))
        for name, (key, prefix) in DERIVED.items():
            if name not in without:
                self._derive(name, key, prefix)

    def _derive(self, name: str, key: str, prefix: str) -> None:
        """Users and products, known from the columns that follow a reference to them."""
        parts = []
        for entity in list(self.entities.values()):
            inner = [column for column in entity.rows.columns if column.startswith(f"{prefix}.")]
            if inner and key in entity.rows.columns:
                renamed = {column: column.removeprefix(f"{prefix}.") for column in inner}
                parts.append(
                    entity.rows.select(pl.col(key).alias("Id"), pl.col(inner).name.map(renamed.get)).filter(
                        pl.col("Id") != ""
                    )
                )
        if parts and name not in self.entities:
            rows = pl.concat(parts, how="diagonal").unique("Id", keep="first", maintain_order=True).sort("Id")
            self.entities[name] = Entity(name, rows.fill_null(""))

    def change(self, operation: Mapping[str, Any], now: float) -> object:
        """Carry out one change. Raises ValueError for what is not known.

        ``add`` (object, row), ``update`` (object, id, set), ``delete`` and ``undelete`` and ``purge`` (object, id),
        ``merge`` (object, id, into). ``at`` is the instant in seconds, by default the server's.
        """
        at = moment_text(float(operation.get("at", now)))
        entity, name = self.entities[operation["object"]], operation["op"]
        if name == "add":
            self._add(entity, operation["row"], at)
        elif name == "update":
            self._set(entity.name, operation["id"], {key: _cell(value) for key, value in operation["set"].items()}, at)
        elif name in ("delete", "undelete"):
            self._set(entity.name, operation["id"], {"IsDeleted": _cell(name == "delete")}, at)
        elif name == "purge":
            self._put(entity.name, entity.rows.filter(pl.col("Id") != operation["id"]))
        elif name == "merge":
            self._merge(entity, operation["id"], operation["into"], at)
        else:
            message = f"{name} is no change"
            raise ValueError(message)
        return None

    def _add(self, entity: Entity, row: Mapping[str, Any], at: str) -> None:
        stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), at) | {"IsDeleted": "false"}
        cells = stamps | {key: _cell(value) for key, value in row.items()}
        unknown = set(cells) - set(entity.rows.columns) - set(stamps)
        if unknown or "Id" not in cells:
            message = f"{entity.name} has no {', '.join(sorted(unknown)) or 'row without Id'}"
            raise ValueError(message)
        made = pl.DataFrame([{column: cells.get(column, "") for column in entity.rows.columns}])
        self._put(entity.name, pl.concat([entity.rows, made]))

    def _put(self, name: str, rows: pl.DataFrame) -> None:
        self.entities[name] = Entity(name, rows)

    def _set(self, name: str, own: str, cells: Row, at: str) -> None:
        """Set cells of a row and its time stamps."""
        entity = self.entities[name]
        if entity.place(own) is None:
            message = f"{entity.name} has no {own}"
            raise ValueError(message)
        stamped = {name: at for name in ("LastModifiedDate", "SystemModstamp") if name in entity.rows.columns} | cells
        is_row = pl.col("Id") == own
        self._put(
            name,
            entity.rows.with_columns(
                pl.when(is_row).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
                for column, value in stamped.items()
            ),
        )

    def _merge(self, entity: Entity, own: str, into: str, at: str) -> None:
        """Delete a row in favour of another; what belonged to it moves."""
        self._set(entity.name, own, {"IsDeleted": "true", "MasterRecordId": into}, at)
        for name, key in CHILDREN.get(entity.name, ()):
            if child := self.entities.get(name):
                for moved in child.rows.filter(pl.col(key) == own)["Id"].to_list() if key in child.rows.columns else ():
                    self._set(name, moved, {key: into}, at)

    def write(self, folder: Path | str) -> None:
        """Write the raw files that a complete pull would write, rows by Id; derived objects are left out."""
        target = Path(folder) / "salesforce"
        target.mkdir(parents=True, exist_ok=True)
        for name, entity in self.entities.items():
            if name not in DERIVED:
                with (target / f"{name}.csv").open("w", encoding="utf-8", newline="") as opened:
                    writer = csv.writer(opened, quoting=csv.QUOTE_ALL, lineterminator="\n")
                    writer.writerow(entity.rows.columns)
                    writer.writerows(entity.rows.sort("Id").iter_rows())


def _cell(value: object) -> str:
    """A value as a cell."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
