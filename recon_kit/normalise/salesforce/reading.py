"""Reading Salesforce: from the raw files to accounts, contracts and their lines as they stood on as_of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.asof import end_of_day
from recon_kit.field_map import OBJECT_OF, SUPPORTING_FIELDS, check_keys
from recon_kit.normalise.salesforce import field_map
from recon_kit.normalise.salesforce.accounts import read_accounts, read_contacts, with_churn, with_contact_emails
from recon_kit.normalise.salesforce.contracts import (
    derive_contracts,
    map_opportunities,
    settle_contracts,
)
from recon_kit.normalise.salesforce.files import read_object
from recon_kit.normalise.salesforce.gate import gate, untestable_accounts, untestable_contracts
from recon_kit.normalise.salesforce.history import parse_history, settle_history, wind_back
from recon_kit.normalise.salesforce.lines import read_lines, with_line_facts
from recon_kit.normalise.salesforce.services import beside_services, read_service_contracts, with_service_facts
from recon_kit.quarantine import Reading
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import SALESFORCE, SALESFORCE_OBJECTS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from recon_kit.normalise.salesforce.files import RawRecords
    from recon_kit.normalise.salesforce.records import Settled
    from recon_kit.policy import Policy

CONTRACT_WORKING_COLUMNS = (
    "discount_pct_e6",
    "has_lines",
    "has_faulty_lines",
    "is_evergreen",
    "term_is_whole",
    "term_source",
)
"""Columns of ``contracts`` beyond its schema, from which MRR is worked out."""

LOST_WITHOUT = {
    "Contact": "accounts are matched without their contacts' e-mail addresses.",
    "OpportunityLineItem": "contracts are valued by their amount alone.",
    "Contract": "start, end and term come from the opportunities alone.",
    "OpportunityHistory": "opportunities edited after as_of cannot be wound back.",
}
"""What an optional file without content costs."""


@dataclass(frozen=True)
class _Snapshot:
    """The raw objects by API name and, for each, the columns every key of ours is read from."""

    raw: Mapping[str, RawRecords]
    sources: Mapping[str, Mapping[str, list[str]]]
    services: Settled
    notes: pl.DataFrame


def read_salesforce(
    raw: Path,
    *,
    policy: Policy,
    as_of: dt.date,
    fields: Mapping[str, Mapping[str, list[str]]] = {},
) -> Reading:
    """Read a raw snapshot's Salesforce files.

    Args:
        raw: the folder that holds ``salesforce/``.
        policy: pick-list values, defaults, time zone.
        as_of: the day looked at; what happened after its end is wound back, or excluded and counted.
        fields: overrides of the field map (``recon_kit.field_map.DEFAULT_FIELDS``).

    Returns:
        Tables ``accounts``, ``contacts``, ``contracts`` (every accepted opportunity, won or not; without what follows
        from MRR), ``contract_lines``, ``opportunity_history``, ``gate``. Working columns beyond the schemas: contracts
        ``discount_pct_e6``, ``has_lines``, ``has_faulty_lines``, ``is_evergreen``, ``term_is_whole``, ``term_source``.

    Raises:
        SchemaError: a required file or column is missing, an override names what is not there, or a header repeats a
            column.

    Conserves:
        per object, rows and parseable money of ``buckets`` == those of its files; accepted rows == rows of its table.
    """
    cutoff = end_of_day(as_of, policy.timezone)
    snapshot = _open(raw / SALESFORCE, fields, policy.timezone, cutoff)
    settled = _settle(snapshot, policy, as_of, cutoff)
    contracts = with_service_facts(
        with_line_facts(
            settled["Opportunity"].accepted, settled["OpportunityLineItem"], snapshot.raw["OpportunityLineItem"]
        ),
        snapshot.services,
        known=not snapshot.raw["Contract"].is_absent,
        close_columns=snapshot.sources["Opportunity"]["close_on"],
        cutoff=cutoff,
    )
    left = with_churn(settled["Account"].accepted, contracts, as_of=as_of, policy=policy)
    return _reading(snapshot, settled, contracts, with_contact_emails(left, settled["Contact"].accepted))


def _settle(snapshot: _Snapshot, policy: Policy, as_of: dt.date, cutoff: dt.datetime) -> dict[str, Settled]:
    """Put the records of every object into their buckets, parents before what hangs on them."""

    def files(name: str) -> tuple[RawRecords, Mapping[str, list[str]]]:
        return snapshot.raw[name], snapshot.sources[name]

    said = map_opportunities(*files("Opportunity"), policy=policy, cutoff=cutoff)
    accounts = read_accounts(*files("Account"), policy=policy, cutoff=cutoff, still_named=said["parent"])
    history_files = files("OpportunityHistory")
    history = parse_history(*history_files, _undecided(said), timezone=policy.timezone, cutoff=cutoff)
    wound = wind_back(said, history, history_files[1], cutoff=cutoff)
    derived = derive_contracts(wound, accounts, snapshot.sources["Opportunity"], policy=policy, as_of=as_of)
    contracts = settle_contracts(*files("Opportunity"), derived, cutoff=cutoff)
    return {
        "Account": accounts,
        "Opportunity": contracts,
        "Contact": read_contacts(*files("Contact"), accounts, policy=policy, cutoff=cutoff),
        "OpportunityLineItem": read_lines(*files("OpportunityLineItem"), contracts, policy=policy, cutoff=cutoff),
        "Contract": snapshot.services,
        "OpportunityHistory": settle_history(*history_files, history, contracts, cutoff=cutoff),
    }


def _open(folder: Path, fields: Mapping[str, Mapping[str, list[str]]], timezone: str, cutoff: dt.datetime) -> _Snapshot:
    """Read every object and find the columns its fields are read from; the Contracts are settled on the way."""
    check_keys(fields)
    raw = {described.name: read_object(folder, described) for described in SALESFORCE_OBJECTS}
    sources = {name: field_map.resolve_supporting(name, raw[name].columns) for name in SUPPORTING_FIELDS}
    services = read_service_contracts(raw["Contract"], sources["Contract"], timezone=timezone, cutoff=cutoff)
    naming = field_map.contract_columns(fields, raw["Opportunity"].columns)
    raw["Opportunity"] = beside_services(raw["Opportunity"], services, raw["Contract"], naming)
    notes = [opened.notes for opened in raw.values()]
    for part, name in OBJECT_OF.items():
        opened = raw[name]
        given = {} if opened.is_absent else fields
        for file, header in opened.headers.items():
            field_map.require_columns(part, given, header, file=file)
        sources[name] = field_map.resolve(part, given, opened.columns)
        notes.append(_override_notes(name, field_map.absent_overrides(part, given, opened.columns)))
    return _Snapshot(raw, sources, services, pl.concat(notes))


def _override_notes(object_name: str, columns: list[str]) -> pl.DataFrame:
    rows = [
        {
            "source": SALESFORCE,
            "object": object_name,
            "subject": column,
            "message": "An override of the field map names this column beside others, and no file has it.",
            "records": 0,
        }
        for column in columns
    ]
    return pl.DataFrame(rows, schema=TABLES["notes"].empty().schema)


def _undecided(opportunities: pl.DataFrame) -> pl.DataFrame:
    """Keep the one record of each opportunity that stands."""
    stands = pl.col("bucket").is_null() & ~pl.col("is_conflicting") & pl.col("match_id").is_not_null()
    return opportunities.filter(stands)


def _reading(
    snapshot: _Snapshot, settled: Mapping[str, Settled], contracts: pl.DataFrame, accounts: pl.DataFrame
) -> Reading:
    lines_known = not snapshot.raw["OpportunityLineItem"].is_absent
    tables = {
        "accounts": accounts,
        "contacts": settled["Contact"].accepted,
        "contracts": contracts,
        "contract_lines": settled["OpportunityLineItem"].accepted,
        "opportunity_history": settled["OpportunityHistory"].accepted,
    }
    working = {"contracts": CONTRACT_WORKING_COLUMNS}
    tables = {name: _declared(name, frame, working.get(name, ())) for name, frame in tables.items()}
    tables["gate"] = gate(contracts, snapshot.sources["Opportunity"], lines_known=lines_known)
    return Reading(
        tables=tables,
        quarantine=pl.concat([part.quarantine for part in settled.values()]),
        excluded=pl.concat([part.excluded for part in settled.values()]),
        buckets=pl.concat([part.buckets for part in settled.values()]),
        not_testable=pl.concat(
            [_empty_files(snapshot), untestable_contracts(contracts), untestable_accounts(accounts)]
        ),
        notes=snapshot.notes,
    )


def _declared(name: str, frame: pl.DataFrame, working: Sequence[str]) -> pl.DataFrame:
    """Keep the declared columns that reading can fill, and the working ones, sorted by key."""
    table = TABLES[name]
    kept = [column for column in table.columns if column in frame.columns]
    return frame.select(*kept, *working).sort(table.key)


def _empty_files(snapshot: _Snapshot) -> pl.DataFrame:
    """List files that are there without even a header; those not there at all are listed where files are copied."""
    rows = [
        {
            "subject": "file",
            "id": f"{SALESFORCE}/{opened.files[0].name}",
            "reason": f"The file has no header line, so {LOST_WITHOUT[name]} Export the object {name} again.",
        }
        for name, opened in snapshot.raw.items()
        if opened.is_absent and opened.files
    ]
    return pl.DataFrame(rows, schema=TABLES["not_testable"].empty().drop("room").schema)
