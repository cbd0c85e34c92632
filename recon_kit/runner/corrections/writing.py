"""Writing: the files of ``corrections/``, the same bytes for the same close."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import polars as pl

from recon_kit.artifacts import write_atomically
from recon_kit.run import Run
from recon_kit.runner.corrections.proposals import Corrections, propose_corrections
from recon_kit.runner.corrections.shapes import (
    AMOUNT,
    CHURN,
    END,
    FINANCE,
    INVOICE_STATUS,
    RESTATED,
    SALESFORCE,
    STRIPE,
    STRIPE_ID,
    amount_cell,
    day_cell,
)
from recon_kit.tables import count

FOLDER = "corrections"
READ_ME, CHANGES = "README.md", "proposed_changes.csv"
_FORMULA = r"^[=+\-@\t\r\n]"
_SAYS = {
    AMOUNT: "the amount that gives the contract the MRR that Stripe bills over its term, or up to its end",
    RESTATED: "amount and currency in which Stripe bills the contract",
    END: "the last day of contracts whose subscription ended",
    CHURN: "status and day of accounts that have nothing left",
    STRIPE_ID: "the Stripe id of what is linked and decided",
    INVOICE_STATUS: "the status of the last Stripe invoice",
}
_WORKLISTS = {
    STRIPE: "what to do in Stripe",
    SALESFORCE: "what to do in Salesforce that no change of a field does",
    FINANCE: "what Finance has to decide first, since the data do not say which system is right",
}
_HEAD = """# Proposed corrections of the close of {as_of}

{summary}
Nothing has been written to Salesforce or Stripe, and only decisions that were accepted and still hold are in here.

Files named after an object are for Data Loader: operation Update, matched by `Id`; the other columns carry the API
names of the fields, as the files of this close have them. No cell is blank. `{changes}` says of every cell what stood
there before, and who decided it. An amount gives the contract its new MRR over its whole term; to keep what it was
until the change, book an amendment from that day instead. After the load the next close finds these gaps gone and
proposes nothing more.

"""


def write_corrections(run: Run) -> None:
    """Write ``corrections/`` into the close folder; what an earlier attempt left there is replaced."""
    folder = run.folder.path / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in correction_files(propose_corrections(run), run.as_of.isoformat()).items():
        write_atomically(folder / name, content)


def correction_files(found: Corrections, as_of: str) -> dict[str, bytes]:
    """Lay corrections out as files: by name, their bytes.

    The worklists and the list of changes are always there, if empty; a file for Data Loader only where it has rows.
    """
    loads = {name: (frame, topic) for name, topic, frame in _load_files(found.changes)}
    worklists = {
        f"{system}_worklist.csv": _worklist(found.work.filter(pl.col("system") == system)) for system in _WORKLISTS
    }
    lines = [f"- `{name}` ({count(frame.height, 'record')}): {_SAYS[topic]}" for name, (frame, topic) in loads.items()]
    lines += [
        f"- `{system}_worklist.csv` ({count(worklists[f'{system}_worklist.csv'].height, 'row')}): {told}"
        for system, told in _WORKLISTS.items()
    ]
    lines.append(f"- `{CHANGES}` ({count(found.changes.height, 'row')}): every change of a field, with its decision")
    head = _HEAD.format(as_of=as_of, summary=_summary(found), changes=CHANGES)
    tables = {name: frame for name, (frame, _) in loads.items()} | worklists | {CHANGES: _all_changes(found.changes)}
    return {READ_ME: (head + "\n".join(lines) + "\n").encode()} | {
        name: frame.with_columns(_harmless(pl.col(pl.String))).write_csv().encode() for name, frame in tables.items()
    }


def _summary(found: Corrections) -> str:
    gaps, links = count(len(found.accepted), "accepted gap"), count(len(found.confirmed), "confirmed link")
    both = len(set(found.corrected) & set(found.by_hand))
    return (
        f"{gaps}, {links}. Files change the fields of {len(found.corrected)} of these gaps, worklists hold "
        f"{len(found.by_hand)}; {both} stand in both, since each system has a part to correct."
    )


def _load_files(changes: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """One file per object, topic and set of fields, so that no cell is blank: its name, topic and rows."""
    once = changes.unique(["object", "topic", "record_id", "field"], keep="first", maintain_order=True)
    fields = once.group_by("object", "topic", "record_id", maintain_order=True).agg(fields=pl.col("field").sort())
    sets = fields.group_by("object", "topic", "fields").agg(pl.col("record_id")).sort("object", "topic", "fields")
    numbered = sets.with_columns(number=pl.int_range(1, pl.len() + 1).over("object", "topic"))
    for row in numbered.iter_rows(named=True):
        own = once.filter(
            pl.col("object") == row["object"],
            pl.col("topic") == row["topic"],
            pl.col("record_id").is_in(row["record_id"]),
        )
        wide = own.pivot(on="field", index="record_id", values="after").rename({"record_id": "Id"}).sort("Id")
        suffix = f"_{row['number']}" if row["number"] > 1 else ""
        yield f"{row['object']}_{row['topic']}{suffix}.csv", row["topic"], wide.select("Id", *row["fields"])


def _worklist(work: pl.DataFrame) -> pl.DataFrame:
    listed = work.with_columns(pl.col("customer_ids", "subscription_ids", "opportunity_ids").list.join(" "))
    return listed.with_columns(
        monthly_amount=amount_cell(pl.col("monthly_minor"), pl.col("currency")),
        currency=pl.when(pl.col("monthly_minor").is_not_null()).then("currency"),
        at_stake=amount_cell(pl.col("at_stake_minor"), pl.col("at_stake_currency")),
        at_stake_currency=pl.when(pl.col("at_stake_minor").is_not_null()).then("at_stake_currency"),
        on=day_cell(pl.col("on")),
    ).select(*_OF_WORK, decided_on="basis", **_decision())


_OF_WORK = (
    *("action", "sentence", "account_id", "account_name"),
    *("customer_ids", "subscription_ids", "opportunity_ids"),
    *("monthly_amount", "currency", "at_stake", "at_stake_currency", "on"),
)


def _all_changes(changes: pl.DataFrame) -> pl.DataFrame:
    told = changes.rename({"record_id": "Id"})
    columns = ("Id", "object", "field", "before", "after", "account_id", "account_name")
    return told.select(*columns, decided_on="basis", **_decision())


def _decision() -> dict[str, pl.Expr]:
    return {
        "decision": pl.col("sequence"),
        "decided_by": pl.col("by"),
        "decided_at": pl.col("at").dt.to_string("%Y-%m-%d"),
        "reason": pl.col("reason"),
    }


def _harmless(text: pl.Expr) -> pl.Expr:
    """Put an apostrophe before what a spreadsheet would take for a formula; a plain number is none."""
    one_line = text.str.replace_all(r"[\t\r\n]+", " ")
    is_number = text.str.contains(r"^-?\d+(\.\d+)?$")
    is_formula = text.str.contains(_FORMULA) & ~is_number
    return pl.when(is_formula).then(one_line.str.replace("^", "'")).otherwise(one_line)
