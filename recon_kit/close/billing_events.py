"""Billing events that are not standard: discounts given by hand, credits off the cycle, large amendments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl

from recon_kit import money
from recon_kit.close.credits_given import credits_given
from recon_kit.policy import Policy

Reader = Callable[[str], pl.LazyFrame]
DISCOUNT, AMENDMENT = "manual_discount", "amendment"
_PERCENT_PLACES = 2
_USUAL_MONTHS = 12
_TEXTS = pl.List(pl.String)
_NONE = pl.lit(None, dtype=pl.String)


def billing_events(read: Reader, *, as_of: dt.date, policy: Policy) -> pl.DataFrame:
    """Find the events that wait for an approval until a person gave one.

    Args:
        read: gives a table by its name, such as ``run.read``.
        as_of: the day of the close; events of the policy's ``lookback_months`` before it count.
        policy: how amendments count, and from which change of value one needs approval (``approval_amount``).

    Returns:
        One row per event, newest first: the columns of ``approvals`` without what was decided. None is a discount that
        a won contract of the customer's account states by the same per cent (it was sold), one that the customer got by
        a promotion code, a credit note of the day of its invoice, and a proration that Stripe worked out.
    """
    found = pl.concat([_discounts(read), *credits_given(read), _amendments(read, policy)], how="diagonal")
    first = pl.lit(as_of).dt.offset_by(f"-{policy.lookback_months}mo")
    recent = found.filter(pl.col("on") > first, pl.col("on") <= as_of)
    touched = _with_invoices(_with_account(recent, read), read)
    return touched.unique("event_id", keep="first", maintain_order=True).sort(
        ["on", "event_id"], descending=[True, False]
    )


def _subscriptions_of_discounts(discounts: pl.DataFrame, read: Reader) -> pl.DataFrame:
    """The subscriptions that a discount lowers: its own, that of its item, or all of its customer."""
    subscriptions = read("subscriptions").select("subscription_id", "customer_id", "metadata_opportunity_id").collect()
    items = read("subscription_items").select("subscription_id", owner_id="item_id").collect()
    owners = pl.concat(
        [
            subscriptions.select("subscription_id", owner="customer_id", kind=pl.lit("customer")),
            subscriptions.select("subscription_id", owner="subscription_id", kind=pl.lit("subscription")),
            items.select("subscription_id", owner="owner_id", kind=pl.lit("item")),
        ]
    )
    named = discounts.with_columns(
        kind=pl.when(pl.col("owner").is_in(["customer", "subscription"])).then("owner").otherwise(pl.lit("item"))
    )
    return (
        named.drop("owner")
        .join(owners, left_on=["owner_id", "kind"], right_on=["owner", "kind"], how="inner", validate="m:m")
        .join(subscriptions, on="subscription_id", how="left", validate="m:1")
    )


def _discounts(read: Reader) -> pl.DataFrame:
    """One row per discount: MRR of what it lowers, before and after all discounts."""
    rounded = {
        name: pl.col(name).round(0).cast(pl.Int64)
        for name in ("gross_monthly", "item_discount_monthly", "discount_monthly")
    }
    worked = (
        read("mrr_worksheet")
        .filter(pl.col("side") == "billing")
        .select(subscription_id="record_id", currency_of="currency", **rounded)
        .collect()
    )
    given = read("discounts").filter(pl.col("promotion_code_id").is_null()).collect()
    lowered = _subscriptions_of_discounts(given, read).join(worked, on="subscription_id", how="left", validate="m:1")
    off = pl.col("item_discount_monthly") + pl.col("discount_monthly")
    grouped = (
        lowered.filter(~_is_sold(lowered, read))
        .with_columns(event_id=pl.coalesce("discount_id", pl.concat_str("owner_id", "coupon_id", separator="/")))
        .group_by(
            "event_id", "owner_id", "coupon_id", "duration", "percent_off", "amount_off_minor", "start_on", "end_on"
        )
        .agg(
            customer_id=pl.col("customer_id").min(),
            subscription_ids=pl.col("subscription_id").unique().sort(),
            opportunity_ids=pl.col("metadata_opportunity_id").drop_nulls().unique().sort(),
            original_minor=pl.col("gross_monthly").sum(),
            new_minor=(pl.col("gross_monthly") - off).sum(),
            currency=pl.coalesce(pl.col("currency_of").min(), pl.col("currency").min()).fill_null(""),
        )
    )
    return grouped.select(
        "event_id", "customer_id", "subscription_ids", "opportunity_ids", "original_minor", "new_minor", "currency",
        kind=pl.lit(DISCOUNT), on="start_on", by=_NONE, difference_minor=pl.col("new_minor") - pl.col("original_minor"),
        terms=_terms_of_discount(),
    )  # fmt: skip


def _is_sold(lowered: pl.DataFrame, read: Reader) -> pl.Expr:
    """Whether a won contract of the customer's account states the same per cent."""
    links = read("links").filter(pl.col("status") == "linked").select("customer_id", "account_id")
    sold = read("contracts").filter("is_won", pl.col("discount_pct") > 0).select("account_id", "discount_pct")
    known = links.join(sold, on="account_id", how="inner", validate="m:m").collect()
    keys = known.select(key=pl.struct("customer_id", percent_off="discount_pct"))["key"].implode()
    return (
        pl.struct("customer_id", "percent_off").is_in(keys) if known.height and lowered.height else pl.lit(value=False)
    )


def _terms_of_discount() -> pl.Expr:
    share = pl.format("{} %", pl.col("percent_off").round(_PERCENT_PLACES).cast(pl.String).str.replace(r"\.0$", ""))
    amount = money.with_code(pl.col("amount_off_minor"), pl.col("currency"))
    until = pl.when(pl.col("end_on").is_null()).then(pl.lit("")).otherwise(pl.format(" until {}", "end_on"))
    return pl.format(
        "Discount of {} ({}) by coupon {} on {} from {}{}.",
        pl.coalesce(share, amount).fill_null("an unknown amount"), pl.col("duration").fill_null("of unknown duration"),
        pl.col("coupon_id").fill_null("without id"), "owner_id", _day("start_on"),
        until.fill_null(""),
    )  # fmt: skip


def _day(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).fill_null("an unknown day")


def _amendments(read: Reader, policy: Policy) -> pl.DataFrame:
    """One row per won amendment whose value changes by more than the policy's amount: value over its own term."""
    contracts = read("contracts").collect()
    amended = contracts.select(
        amends_id="opportunity_id",
        was="term_mrr_minor",
        was_reporting="term_mrr_reporting_minor",
        was_currency="currency",
    )
    months = pl.col("term_months").fill_null(_USUAL_MONTHS)
    joined = contracts.filter("is_won", pl.col("amends_id").is_not_null()).join(
        amended, on="amends_id", how="left", validate="m:1"
    )
    before = pl.when(pl.col("was_currency") == pl.col("currency")).then("was")
    is_delta = policy.amendments == "delta"
    change = pl.col("term_mrr_minor") if is_delta else pl.col("term_mrr_minor") - before.fill_null(0)
    reported = pl.col("term_mrr_reporting_minor")
    reported = reported if is_delta else reported - pl.col("was_reporting").fill_null(0)
    is_large = (reported * months).abs() > policy.minor(policy.approval_amount)
    large = joined.filter(is_large.fill_null(value=True)).with_columns(
        original_minor=before * months, difference_minor=change * months
    )
    return large.select(
        "account_id", "original_minor", "difference_minor", "currency", event_id="opportunity_id",
        kind=pl.lit(AMENDMENT), on=pl.coalesce("close_on", "start_on"), by="owner_name",
        new_minor=pl.col("original_minor") + pl.col("difference_minor"),
        opportunity_ids=pl.concat_list("opportunity_id", "amends_id").list.unique().list.sort(),
        subscription_ids=_subscriptions_of(large, read),
        terms=pl.format(
            "Amendment {} of {} from {}, {} months.", "opportunity_id", "amends_id", _day("start_on"), months
        ),
    )  # fmt: skip


def _subscriptions_of(amendments: pl.DataFrame, read: Reader) -> pl.Series:
    """The subscriptions that stand in the same gap or pair as an amendment or what it amends, and that it names."""
    placement = read("placement").select("side", "record_id", "gap_or_pair_id").drop_nulls().collect()
    sold = placement.filter(pl.col("side") == "crm").select("gap_or_pair_id", opportunity_id="record_id")
    billed = placement.filter(pl.col("side") == "billing").select("gap_or_pair_id", subscription="record_id")
    together = sold.join(billed, on="gap_or_pair_id", how="inner", validate="m:m").select(
        "opportunity_id", "subscription"
    )
    members = pl.concat(
        [amendments.select("opportunity_id", member=name) for name in ("opportunity_id", "amends_id")]
    ).join(together, left_on="member", right_on="opportunity_id", how="inner", validate="m:m")
    named = amendments.select("opportunity_id", subscription="stripe_subscription_id").drop_nulls()
    listed = (
        pl.concat([members.select("opportunity_id", "subscription"), named])
        .group_by("opportunity_id")
        .agg(pl.col("subscription").unique().sort())
    )
    joined = amendments.select("opportunity_id").join(
        listed, on="opportunity_id", how="left", validate="m:1", maintain_order="left"
    )
    return joined["subscription"]


def _with_account(events: pl.DataFrame, read: Reader) -> pl.DataFrame:
    links = read("links").filter(pl.col("status") == "linked").select("customer_id", linked="account_id").collect()
    names = read("accounts").select("account_id", account_name="name").collect()
    joined = events.join(links, on="customer_id", how="left", validate="m:1", maintain_order="left")
    known = joined.with_columns(account_id=pl.coalesce("account_id", "linked")).drop("linked")
    return known.join(names, on="account_id", how="left", validate="m:1", maintain_order="left")


def _with_invoices(events: pl.DataFrame, read: Reader) -> pl.DataFrame:
    """Add the invoices of the touched subscriptions since the event."""
    invoices = read("invoices").select("invoice_id", "subscription_id", "created_on").collect()
    each = events.select("event_id", "on", subscription_id="subscription_ids").explode("subscription_id")
    later = each.join(invoices, on="subscription_id", how="inner", validate="m:m").filter(
        pl.col("created_on") >= pl.col("on")
    )
    listed = later.group_by("event_id").agg(later=pl.col("invoice_id").unique().sort())
    joined = events.join(listed, on="event_id", how="left", validate="m:1", maintain_order="left")
    none = pl.lit([], dtype=_TEXTS)
    both = pl.concat_list(pl.col("invoice_ids").fill_null(none), pl.col("later").fill_null(none))
    return joined.with_columns(
        invoice_ids=both.list.unique().list.sort(), subscription_ids=pl.col("subscription_ids").fill_null(none)
    ).drop("later")
