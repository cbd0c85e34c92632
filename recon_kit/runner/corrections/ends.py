"""Ends: the last day of contracts whose subscription ended, what they were worth until then, and accounts that left."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit import calendar, money
from recon_kit.normalise.salesforce import values as read
from recon_kit.policy import Policy
from recon_kit.run import Run
from recon_kit.runner.corrections.org import Org, OrgRecords
from recon_kit.runner.corrections.shapes import (
    AMOUNT,
    CHANGE,
    CHURN,
    END,
    LINE,
    OPPORTUNITY,
    amount_cell,
    day_cell,
    laid_out,
)
from recon_kit.salesforce_id import long_id

PHANTOM = "phantom_revenue"


def end_changes(run: Run, org: Org, accepted: pl.DataFrame) -> pl.DataFrame:
    """End the contracts of accepted phantoms on the day before their subscription ended.

    What they are worth is cut to the shorter term where the kit reads it over the contract's dates, so that their MRR
    up to then stays what it was.

    Args:
        run: the close.
        org: its Salesforce files.
        accepted: what :func:`recon_kit.runner.corrections.accepted.accepted_gaps` returns.

    Returns:
        Rows of ``CHANGE``: the end, and amounts that follow from it. A contract that cannot be ended by its own fields
        (no column of its own for the end, gone before it began, items whose worth until then cannot be told) has none.
    """
    phantoms = accepted.filter(pl.col("family") == PHANTOM)
    if phantoms.is_empty():
        return laid_out(phantoms, CHANGE)
    sheet = run.read("mrr_worksheet").filter(pl.col("side") == "crm")
    read_by = sheet.select("basis", "gross_monthly", opportunity_id="record_id")
    contracts = (
        run.read("contracts").select(_USED).join(read_by, on="opportunity_id", how="left", validate="1:1").collect()
    )
    ended = (
        phantoms.select("gap_id", "account_id", "diverged_on", opportunity_id="opportunity_ids")
        .explode("opportunity_id", empty_as_null=False)
        .join(contracts, on="opportunity_id", how="left", validate="m:1")
        .with_columns(last_on=calendar.add_days(pl.col("diverged_on"), -1), match_id=long_id(pl.col("opportunity_id")))
    )
    records = org.records("contract", ended["opportunity_id"])
    lines = _lines(run, org, ended)
    known = _with_records(ended, records, lines).filter(_can_end(records))
    ends = laid_out(
        known,
        CHANGE,
        object=pl.lit(OPPORTUNITY),
        topic=pl.lit(END),
        record_id=pl.col("id"),
        field=pl.lit(records.column("end_on"), dtype=pl.String),
        before=pl.col("end_on_text"),
        after=day_cell(pl.col("last_on")),
        basis=pl.col("gap_id"),
    )
    kept = lines.join(known.select("gap_id", "opportunity_id"), on=["gap_id", "opportunity_id"], how="semi")
    return pl.concat([ends, _amounts_until(known), _lines_until(kept)])


_USED = ["opportunity_id", "start_on", "amount_minor", "currency"]


def _with_records(ended: pl.DataFrame, org: OrgRecords, lines: pl.DataFrame) -> pl.DataFrame:
    """Add what the record says now, and of its line items whether one's worth until the end cannot be told."""
    said = org.records.select(
        *("match_id", "id", "end_on_text", "amount_text", "amount_source", "has_items"),
        has_term=pl.col("term_months_text").is_not_null(),
    )
    of_lines = lines.group_by("gap_id", "opportunity_id").agg(has_unknown_line=pl.col("until_minor").is_null().any())
    months = calendar.term_length(pl.col("start_on"), calendar.add_days(pl.col("last_on"), 1))
    until = money.round_half_up(money.mul_div(_exact("gross_monthly"), *months))
    joined = ended.join(said, on="match_id", how="inner", validate="m:1").join(
        of_lines, on=["gap_id", "opportunity_id"], how="left", validate="1:1"
    )
    is_cut = (pl.col("basis") == "total") & ~pl.col("has_term")
    return joined.with_columns(pl.col("has_unknown_line").fill_null(value=False), until_minor=until, is_cut=is_cut)


def _exact(column: str) -> pl.Expr:
    return money.decimal_to_e(pl.col(column).cast(pl.String), money.PLACES)


def _can_end(org: OrgRecords) -> pl.Expr:
    """Whether a contract can be ended by a field of its own record, which is what it was on as_of."""
    has_column = pl.lit(org.column("end_on") is not None)
    is_unchanged = money.decimal_to_minor(pl.col("amount_text"), pl.col("currency")).eq_missing(pl.col("amount_minor"))
    is_own_amount = pl.col("amount_source").is_not_null() & ~pl.col("amount_source").str.contains(".", literal=True)
    can_cut = ~pl.col("is_cut") | (is_unchanged & is_own_amount & ~pl.col("has_items") & (pl.col("until_minor") > 0))
    runs = (pl.col("last_on") >= pl.col("start_on")).fill_null(value=False)
    return has_column & runs & can_cut.fill_null(value=False) & ~pl.col("has_unknown_line")


def _amounts_until(known: pl.DataFrame) -> pl.DataFrame:
    return laid_out(
        known.filter("is_cut"),
        CHANGE,
        object=pl.lit(OPPORTUNITY),
        topic=pl.lit(AMOUNT),
        record_id=pl.col("id"),
        field=pl.col("amount_source"),
        before=pl.col("amount_text"),
        after=amount_cell(pl.col("until_minor"), pl.col("currency")),
        basis=pl.col("gap_id"),
    )


def _lines(run: Run, org: Org, ended: pl.DataFrame) -> pl.DataFrame:
    """The recurring line items of contracts to end that run to the contract's end: what each is worth until then.

    Returns:
        One row per line: ``gap_id``, ``account_id``, ``opportunity_id``, ``id``, ``text``, ``column``, ``currency`` and
        ``until_minor`` (null where it cannot be told).
    """
    monthly = run.read("mrr_worksheet_parts").filter(pl.col("side") == "crm").collect()
    lines = run.read("contract_lines").filter(pl.col("kind") == "recurring").collect()
    wanted = ended.select("gap_id", "account_id", "opportunity_id", "last_on")
    own = lines.select("line_id", "opportunity_id", "start_on", "total_price_minor", "currency").join(
        wanted, on="opportunity_id", how="inner", validate="m:1"
    )
    said = org.records("line", own["line_id"]).records.select(
        *("match_id", "id"),
        text="total_price_text",
        column="total_price_source",
        has_own_end=pl.col("end_on_text").is_not_null(),
    )
    rates = monthly.select(line_id="part_id", opportunity_id="record_id", monthly="gross_monthly")
    joined = (
        own.with_columns(match_id=long_id(pl.col("line_id")))
        .join(said, on="match_id", how="left", validate="m:1")
        .join(rates, on=["line_id", "opportunity_id"], how="left", validate="1:1")
        .filter(~pl.col("has_own_end").fill_null(value=False))
    )
    months = calendar.term_length(pl.col("start_on"), calendar.add_days(pl.col("last_on"), 1))
    exact = money.mul_div(_exact("monthly"), *months)
    stands = money.decimal_to_minor(pl.col("text"), pl.col("currency")) == pl.col("total_price_minor")
    is_told = stands & (pl.col("start_on") <= pl.col("last_on")) & ~pl.col("column").str.contains(".", literal=True)
    return joined.with_columns(until_minor=pl.when(is_told).then(money.round_half_up(exact)))


def _lines_until(lines: pl.DataFrame) -> pl.DataFrame:
    return laid_out(
        lines,
        CHANGE,
        object=pl.lit(LINE),
        topic=pl.lit(AMOUNT),
        record_id=pl.col("id"),
        field=pl.col("column"),
        before=pl.col("text"),
        after=amount_cell(pl.col("until_minor"), pl.col("currency")),
        basis=pl.col("gap_id"),
    ).filter(pl.col("before") != pl.col("after"))


def churn_changes(run: Run, org: Org, accepted: pl.DataFrame) -> pl.DataFrame:
    """Mark the accounts that have nothing left once the contracts of accepted phantoms are ended as churned.

    Returns:
        Rows of ``CHANGE`` of the account's status and day of leaving, the latest that a subscription of these gaps
        ended; one of each for every gap behind it. None where no column tells a status, or only one that also says
        something else and is not used for it in this org.
    """
    gone = _with_nothing_left(run, accepted.filter(pl.col("family") == PHANTOM), as_of=run.as_of)
    if gone.is_empty():
        return laid_out(gone, CHANGE)
    records = org.records("account", gone["account_id"], statuses=("status",))
    column, value = records.column("status"), _churned_value(records, run.policy)
    if column is None or value is None:
        return laid_out(gone.clear(), CHANGE)
    said = records.records.select(
        "match_id", "churned_on_text", record_id="id", status=read.filled(_held(column)).alias("status")
    )
    known = gone.with_columns(match_id=long_id(pl.col("account_id"))).join(
        said, on="match_id", how="inner", validate="m:1"
    )
    of_account = {"object": pl.lit("Account"), "topic": pl.lit(CHURN), "basis": pl.col("gap_id")}
    status = laid_out(known, CHANGE, **of_account, field=pl.lit(column), before=pl.col("status"), after=pl.lit(value))
    day_column = records.column("churned_on")
    if day_column is None:
        return status
    before, after = pl.col("churned_on_text"), day_cell(pl.col("left_on"))
    return pl.concat(
        [status, laid_out(known, CHANGE, **of_account, field=pl.lit(day_column), before=before, after=after)]
    )


def _held(column: str) -> pl.Expr:
    """What the column of the status says, whatever other column the status was read from."""
    return pl.when(pl.col("status_source") == column).then("status_text")


def _with_nothing_left(run: Run, phantoms: pl.DataFrame, *, as_of: dt.date) -> pl.DataFrame:
    """Keep the gaps of accounts without another contract in force or to come, and without a live subscription."""
    ending = phantoms.select(opportunity_id="opportunity_ids").explode("opportunity_id", empty_as_null=False)
    runs = pl.col("is_won") & (pl.col("end_on").is_null() | (pl.col("end_on") >= as_of))
    is_replaced = (pl.col("taken_over_on") <= as_of).fill_null(value=False)
    others = run.read("contracts").filter(runs & ~is_replaced).select("opportunity_id", "account_id").collect()
    live = run.read("subscriptions").filter("is_live").select("customer_id").collect()
    links = run.read("links").filter(pl.col("status") == "linked").select("customer_id", "account_id").collect()
    busy = pl.concat(
        [
            others.join(ending, on="opportunity_id", how="anti").select("account_id"),
            links.join(live, on="customer_id", how="semi").select("account_id"),
        ]
    ).unique()
    gone = phantoms.filter(pl.col("account_id").is_not_null()).join(busy, on="account_id", how="anti")
    return gone.with_columns(left_on=pl.col("diverged_on").max().over("account_id"))


def _churned_value(org: OrgRecords, policy: Policy) -> str | None:
    """Choose the word for churned: one of the policy's that the org uses, as it spells it, else the policy's first."""
    column = org.column("status") or ""
    spelt = {value.lower(): value for value in reversed(org.in_use.get(column, []))}
    used = [spelt[value.strip().lower()] for value in policy.churned_values if value.strip().lower() in spelt]
    if used:
        return used[0]
    return policy.churned_values[0] if policy.churned_values and org.serves_only("status", column) else None
