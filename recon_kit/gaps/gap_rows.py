"""Gap rows: seeds judged and worded, as the tables ``gaps``, ``gap_components`` and ``pairs``."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.gaps.causes.decomposition import rank
from recon_kit.gaps.causes.pieces import amount_text
from recon_kit.gaps.ids import ids_text, stable_id
from recon_kit.gaps.judgement import with_age, with_materiality, with_state
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import Matched
from recon_kit.gaps.verdicts import with_verdict
from recon_kit.gaps.wording import with_wording
from recon_kit.policy import Policy
from recon_kit.schemas import TABLES


def assess(
    seeds: pl.DataFrame, pieces: pl.DataFrame, matched: Matched, sides: BothSides, *, as_of: dt.date, policy: Policy
) -> pl.DataFrame:
    """Give every seed its id, age, state, materiality, verdict and sentences.

    Returns:
        One row per gap, sorted by ``gap_id``: the columns of ``SEED`` and those of ``gaps`` that are not amounts.
    """
    class_of_id = pl.when(pl.col("gap_class") == "extra").then(pl.lit("amount")).otherwise("gap_class")
    class_of_id = pl.when(class_of_id == "past_end").then(pl.lit("end")).otherwise(class_of_id)
    text = pl.format("{}|{}|{}", "family", class_of_id, ids_text("opportunity_ids", "subscription_ids"))
    identified = seeds.with_columns(gap_id=stable_id("gap", text))
    trial = matched.pairings.select("pairing_id", "is_in_trial")
    facts = (
        identified.join(_reasons(pieces), on=["pairing_id", "cause", "gap_class"], how="left", validate="m:1")
        .join(trial, on="pairing_id", how="left", validate="m:1")
        .join(sides.units, on="unit_id", how="left", validate="m:1")
        .with_columns(cause_amount=pl.col("cause_amount").fill_null(pl.col("difference")))
    )
    judged = with_verdict(with_materiality(with_state(with_age(facts, as_of), policy), policy))
    worded = with_wording(judged, sides, policy)
    return worded.with_columns(currency=pl.lit(policy.reporting_currency)).sort("gap_id")


def _reasons(pieces: pl.DataFrame) -> pl.DataFrame:
    """The sentences of a pairing's components, and the amount of each as that of a possible cause."""
    said = (
        pieces.sort("pairing_id", rank())
        .group_by("pairing_id", maintain_order=True)
        .agg(because=pl.col("sentence").str.join(" "), parts=pl.len().cast(pl.Int64))
    )
    return pieces.join(said, on="pairing_id", how="left", validate="m:1").select(
        "pairing_id", "because", "parts", cause="component", cause_amount="amount", gap_class=pl.lit("amount")
    )


def gap_table(gaps: pl.DataFrame) -> pl.DataFrame:
    """Lay assessed gaps out as the table ``gaps``, largest impact first."""
    larger = pl.max_horizontal("crm", "billing")
    share = pl.col("difference").abs() / larger * 100
    no_ids = pl.lit([], dtype=pl.List(pl.String))
    evidence = pl.concat_list(
        "opportunity_ids", "subscription_ids", pl.col("customer_ids").fill_null(no_ids), "evidence"
    )
    table = gaps.with_columns(
        crm_mrr_minor="crm",
        billing_mrr_minor="billing",
        difference_minor="difference",
        difference_pct=pl.when(larger > 0).then(share),
        impact_minor="impact",
        annualised_minor=12 * pl.col("difference"),
        customer_ids=pl.col("customer_ids").fill_null(no_ids),
        evidence=evidence.list.unique().list.sort(),
    )
    return table.select(TABLES["gaps"].columns).sort(["impact_minor", "gap_id"], descending=[True, False])


def components_of(gaps: pl.DataFrame, pieces: pl.DataFrame, currency: str) -> pl.DataFrame:
    """Lay the pieces of pairings and of extra subscriptions out as the table ``gap_components``."""
    owners = gaps.filter(gap_class="amount").select("gap_id", "pairing_id")
    paired = pieces.join(owners, on="pairing_id", how="inner", validate="m:1").select(
        "gap_id", "component", "evidence", "sentence", amount_minor="amount"
    )
    alone = gaps.filter(gap_class="extra").select(
        "gap_id",
        pl.lit("expansion").alias("component"),
        evidence="subscription_ids",
        sentence=pl.format("A subscription of {} a month has no contract.", amount_text(pl.col("billing"), currency)),
        amount_minor="difference",
    )
    return pl.concat([paired, alone]).select(TABLES["gap_components"].columns).sort("gap_id", rank())


def reconciled_pairs(matched: Matched, gaps: pl.DataFrame, sides: BothSides, currency: str) -> pl.DataFrame:
    """Lay out the pairings that no gap names.

    Returns:
        One row per pair, sorted: columns of ``pairs`` and ``pairing_id``.
    """
    in_gaps = gaps.select(record_id=pl.concat_list("opportunity_ids", "subscription_ids")).explode(
        "record_id", empty_as_null=False
    )
    touched = matched.members.join(in_gaps.unique(), on="record_id", how="semi").select("pairing_id").unique()
    clean = matched.pairings.join(touched, on="pairing_id", how="anti")
    accounts = sides.units.select("unit_id", "account_id")
    return (
        clean.join(accounts, on="unit_id", how="left", validate="m:1")
        .with_columns(
            pair_id=stable_id("pair", ids_text("opportunity_ids", "subscription_ids")),
            crm_mrr_minor="crm",
            billing_mrr_minor="billing",
            difference_minor="difference",
            currency=pl.lit(currency),
        )
        .sort("pair_id")
    )
