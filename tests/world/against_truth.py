"""Compare a close with the truth that was written beside its raw files: every control, every cent of MRR, every planted gap."""

from pathlib import Path

import polars as pl

from tests.whole_close import table

KEY = ["family", "opportunity_ids", "subscription_ids"]
FIGURES = ["cause", "state", "crm_mrr_minor", "billing_mrr_minor", "difference_minor", "diverged_on", "impact_minor"]


def assert_close_is_true(close: Path, raw: Path) -> None:
    """Compare everything that a streamed company's truth tells."""
    assert_conserved(close)
    assert_mrr_is_true(close, raw)
    assert_planted_gaps_are_found(close, raw)


def assert_conserved(close: Path) -> None:
    """Every control ties, and every record read is in one bucket, none in quarantine."""
    controls = table(close, "controls")
    _none(controls.filter(~pl.col("passes")), "controls do not tie")
    assert controls.height > 50
    read = table(close, "control_totals").filter(pl.col("source").is_in(["stripe", "salesforce"]))
    assert table(close, "buckets")["rows"].sum() == read["rows"].sum() > 0
    _none(table(close, "quarantine"), "records are in quarantine")


def assert_mrr_is_true(close: Path, raw: Path) -> None:
    """MRR of each contract and subscription, in its own and in the reporting currency; nobody else has any."""
    columns = ["side", "record_id", "mrr_minor", "mrr_reporting_minor"]
    found = table(close, "mrr_worksheet").select(columns).filter(pl.col("mrr_minor").fill_null(0) != 0)
    told = _truth(raw, "mrr").select(columns).filter(pl.col("mrr_minor") != 0)
    assert told.height > 0
    _none(_differing(told, found.cast(dict(told.schema)), ["side", "record_id"]), "records have another MRR")


def assert_planted_gaps_are_found(close: Path, raw: Path) -> None:
    """Each planted gap is there, with its cause, its figures and its day."""
    joined = pl.col("opportunity_ids", "subscription_ids").list.join(";")
    found = table(close, "gaps").with_columns(joined, pl.col("diverged_on").cast(pl.String))
    told = _truth(raw, "gaps").with_columns(pl.col("opportunity_ids", "subscription_ids").fill_null(""))
    assert told.height > 0
    planted = found.join(told.select(KEY), on=KEY, how="semi").select(KEY + FIGURES)
    told = told.select(KEY + FIGURES)
    _none(_differing(told, planted.cast(dict(told.schema)), KEY), "planted gaps differ")


def _truth(raw: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(raw / "truth" / f"{name}.csv", infer_schema_length=None)


def _differing(told: pl.DataFrame, found: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Rows that only one of two tables has."""
    both = pl.concat([told.with_columns(said_by=pl.lit("truth")), found.with_columns(said_by=pl.lit("kit"))])
    return both.filter(pl.len().over(told.columns) != 2).sort([*key, "said_by"])


def _none(faults: pl.DataFrame, what: str) -> None:
    """Show the first of the rows that should not be."""
    first = "\n".join(map(str, faults.head(6).rows(named=True)))
    assert faults.is_empty(), f"{faults.height} rows: {what}\n{first}"
