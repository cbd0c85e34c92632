"""Amounts: what an opportunity has to say so that its contract's MRR is what Stripe bills, or why it cannot."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit import money
from recon_kit.gaps.verdicts import SALESFORCE as IN_SALESFORCE
from recon_kit.gaps.verdicts import with_verdict
from recon_kit.run import Run
from recon_kit.runner.corrections.org import Org, OrgRecords
from recon_kit.runner.corrections.shapes import AMOUNT, CHANGE, RESTATED, amount_cell, laid_out
from recon_kit.salesforce_id import long_id

_ROUNDING, _CURRENCY = "rounding", "currency"
_BY_LINES = "lines"
_FINER = 10**6
"""Amounts are reckoned to a millionth of a minor unit before they are rounded."""


@dataclass(frozen=True)
class Amounts:
    """Changes of amounts, and the accepted gaps that need one and get none: ``gap_id`` and ``why_not`` in words."""

    changes: pl.DataFrame
    left: pl.DataFrame


def components_of(run: Run, accepted: pl.DataFrame) -> pl.DataFrame:
    """Say of each component of the accepted gaps in which system it is corrected.

    Returns:
        One row per (gap_id, component): ``amount_minor`` (reporting currency), ``sentence``, ``correct_in``. A rounding
        belongs to no system and is left out.
    """
    wanted = accepted.select("gap_id").lazy()
    parts = run.read("gap_components").join(wanted, on="gap_id", how="semi").collect()
    judged = with_verdict(parts.with_columns(cause="component", cause_amount="amount_minor"))
    return judged.filter(pl.col("component") != _ROUNDING).select(
        "gap_id", "component", "amount_minor", "sentence", "correct_in"
    )


def amount_changes(run: Run, org: Org, accepted: pl.DataFrame, components: pl.DataFrame) -> Amounts:
    """Work out the amounts that take accepted gaps away.

    An amount is scaled by what the MRR it gives has to become, so it is the contract's value at Stripe's MRR over the
    term and basis by which the kit reads it. Where only a part of a gap is Salesforce's to correct, the MRR moves by
    that part. Contracts of one recurring line item are corrected in that line, since then Salesforce sums up the
    opportunity's amount itself.

    Args:
        run: the close.
        org: its Salesforce files.
        accepted: what :func:`recon_kit.runner.corrections.accepted.accepted_gaps` returns.
        components: what :func:`components_of` returns.
    """
    ours = components.filter(pl.col("correct_in") == IN_SALESFORCE)
    gaps = accepted.join(ours.select("gap_id").unique(), on="gap_id", how="semi").filter(
        pl.col("opportunity_ids").list.len() > 0
    )
    if gaps.is_empty():
        return Amounts(laid_out(gaps, CHANGE), gaps.select("gap_id", why_not=pl.lit("")))
    targets = _with_targets(_with_contract(run, gaps), _billed(run, gaps), components)
    opportunities = org.records("contract", targets["opportunity_id"])
    lines = org.records("line", targets["line_id"])
    known = _with_record(targets, opportunities, lines)
    new_minor = scaled_amount(pl.col("raw_minor"), pl.col("net_monthly"), pl.col("target_minor"))
    judged = known.with_columns(why_not=_why_not(opportunities), new_minor=new_minor)
    fit = judged.filter(pl.col("why_not").is_null())
    left = judged.filter(pl.col("why_not").is_not_null()).select("gap_id", "why_not")
    return Amounts(_changes(fit, opportunities), left)


def _with_contract(run: Run, gaps: pl.DataFrame) -> pl.DataFrame:
    """Put the one contract of each gap beside it, and how its MRR was read."""
    sheet = run.read("mrr_worksheet").filter(pl.col("side") == "crm").collect()
    parts = run.read("mrr_worksheet_parts").filter(pl.col("side") == "crm", pl.col("counts")).collect()
    read = sheet.select("basis", "raw_minor", "parts", "net_monthly", opportunity_id="record_id")
    single = parts.group_by(opportunity_id="record_id").agg(line_id=pl.col("part_id").first())
    contracts = run.read("contracts").select("opportunity_id", "mrr_minor", own_currency="currency").collect()
    return (
        gaps.with_columns(opportunity_id=pl.col("opportunity_ids").list.first())
        .join(contracts, on="opportunity_id", how="left", validate="m:1")
        .join(read, on="opportunity_id", how="left", validate="m:1")
        .join(single, on="opportunity_id", how="left", validate="m:1")
        .with_columns(line_id=pl.when((pl.col("basis") == _BY_LINES) & (pl.col("parts") == 1)).then("line_id"))
    )


def _billed(run: Run, gaps: pl.DataFrame) -> pl.DataFrame:
    """Sum what the live subscriptions of each gap bill, where they share a currency."""
    listed = gaps.select("gap_id", subscription_id="subscription_ids").explode("subscription_id", empty_as_null=False)
    live = run.read("subscriptions").filter("is_live").select("subscription_id", "currency", "mrr_minor").collect()
    known = listed.join(live, on="subscription_id", how="inner", validate="m:1")
    is_one = pl.col("currency").n_unique() == 1
    return known.group_by("gap_id").agg(
        billed_minor=pl.when(is_one).then(pl.col("mrr_minor").sum()),
        billed_currency=pl.when(is_one).then(pl.col("currency").first()),
    )


def _with_targets(gaps: pl.DataFrame, billed: pl.DataFrame, components: pl.DataFrame) -> pl.DataFrame:
    """Add ``target_minor`` and ``target_currency``: the MRR that the contract should have; null where none follows."""
    is_ours = pl.col("correct_in") == IN_SALESFORCE
    shares = components.group_by("gap_id").agg(
        ours_minor=pl.col("amount_minor").filter(is_ours).sum(), is_all_ours=is_ours.all()
    )
    known = gaps.join(billed, on="gap_id", how="left", validate="1:1").join(
        shares, on="gap_id", how="left", validate="1:1"
    )
    is_same = pl.col("own_currency") == pl.col("billed_currency")
    is_restated = ~is_same & (pl.col("cause") == _CURRENCY) & pl.col("is_all_ours")
    in_part = is_same & ~pl.col("is_all_ours") & (pl.col("own_currency") == pl.col("currency"))
    target = (
        pl.when(is_restated | (is_same & pl.col("is_all_ours")))
        .then("billed_minor")
        .when(in_part)
        .then(pl.col("mrr_minor") - pl.col("ours_minor"))
    )
    return known.with_columns(
        target_minor=target,
        target_currency=pl.when(is_restated).then("billed_currency").otherwise("own_currency"),
        is_restated=is_restated,
    )


def _with_record(targets: pl.DataFrame, opportunities: OrgRecords, lines: OrgRecords) -> pl.DataFrame:
    """Add what the record that holds the amount says now: ``record_id``, ``text``, ``column``, ``text_minor``."""
    held = pl.concat([_held(opportunities, "amount"), _held(lines, "total_price")])
    holder = pl.when(pl.col("basis") == _BY_LINES).then("line_id").otherwise("opportunity_id")
    joined = targets.with_columns(holder=long_id(holder)).join(held, on="holder", how="left", validate="m:1")
    return joined.with_columns(text_minor=money.decimal_to_minor(pl.col("text"), pl.col("own_currency")))


def _held(records: OrgRecords, key: str) -> pl.DataFrame:
    return records.records.select(
        holder="match_id",
        record_id="id",
        text=f"{key}_text",
        column=f"{key}_source",
        has_items="has_items",
        object=pl.lit(records.object_name),
    )


def _why_not(opportunities: OrgRecords) -> pl.Expr:
    """Say why no amount can be proposed; null where one can."""
    currency = opportunities.column("currency")
    by_lines = pl.col("basis") == _BY_LINES
    reasons = [
        (pl.col("opportunity_ids").list.len() > 1, "several contracts share the difference"),
        (
            pl.col("own_currency").ne_missing(pl.col("billed_currency")) & ~pl.col("is_restated"),
            "contract and subscription stand in different currencies",
        ),
        (
            pl.col("target_minor").is_null(),
            "only a part of the difference is Salesforce's, and it is told in another currency",
        ),
        (pl.col("target_minor") <= 0, "the contract would be worth nothing"),
        (by_lines & pl.col("line_id").is_null(), "the contract has several recurring line items"),
        (~by_lines & pl.col("has_items"), "its amount is the sum of products that the files do not have"),
        (by_lines & pl.col("is_restated"), "line items cannot change their currency"),
        (pl.col("is_restated") & pl.lit(currency is None), "the files have no column for the currency"),
        (pl.col("record_id").is_null(), "the record has no id in the files"),
        (~(pl.col("net_monthly") > 0) | ~(pl.col("raw_minor") > 0), "its present amount gives no MRR to scale from"),
        (
            pl.col("text_minor").ne_missing(pl.col("raw_minor")),
            "the record was changed in Salesforce after the day of this close",
        ),
        (pl.col("column").str.contains(".", literal=True), "the amount is a field of another record"),
    ]
    return pl.coalesce(pl.when(holds.fill_null(value=False)).then(pl.lit(words)) for holds, words in reasons)


def scaled_amount(raw_minor: pl.Expr, gives: pl.Expr, wanted_minor: pl.Expr) -> pl.Expr:
    """Scale an amount by the MRR wanted over the MRR it gives, exactly, rounded half up once.

    Args:
        raw_minor: the present amount, positive.
        gives: the exact monthly amount that the worksheet reads from it (decimal minor units).
        wanted_minor: the MRR that the contract should have, positive.

    Returns:
        Int64 minor units; null where the present amount gives nothing. What is read from it is what is wanted to the
        minor unit, unless one unit of the amount is worth more than one of MRR (terms of days, a discount that ended).
    """
    exact = money.decimal_to_e(gives.cast(pl.String), money.PLACES)
    usable = pl.when(exact > 0).then(exact)
    wanted = money.to_e15(wanted_minor)
    fine = money.exact(raw_minor) * money.exact(_FINER)
    scaled = fine * (wanted // usable) + money.share(fine, wanted % usable, usable)
    return ((scaled + money.exact(_FINER // 2)) // money.exact(_FINER)).cast(pl.Int64)


def _changes(fit: pl.DataFrame, opportunities: OrgRecords) -> pl.DataFrame:
    topic = pl.when("is_restated").then(pl.lit(RESTATED)).otherwise(pl.lit(AMOUNT))
    after = amount_cell(pl.col("new_minor"), pl.col("target_currency"))
    amounts = laid_out(fit, CHANGE, topic=topic, field=pl.col("column"), before=pl.col("text"), after=after,
                       basis=pl.col("gap_id"))  # fmt: skip
    restated = laid_out(
        fit.filter("is_restated"),
        CHANGE,
        topic=pl.lit(RESTATED),
        field=pl.lit(opportunities.column("currency"), dtype=pl.String),
        before=pl.col("own_currency"),
        after=pl.col("target_currency"),
        basis=pl.col("gap_id"),
    )
    differing = pl.col("before").is_null() | (pl.col("before") != pl.col("after"))
    return pl.concat([amounts, restated]).filter(differing)
