"""Discounts on customers, subscriptions and items, whichever of their shapes Stripe sent."""

from __future__ import annotations

import polars as pl

from recon_kit.asof import is_after
from recon_kit.calendar import add_months
from recon_kit.normalise.stripe.history import History
from recon_kit.normalise.stripe.prices import coupon_columns
from recon_kit.normalise.stripe.records import Pull, parse_texts
from recon_kit.normalise.stripe.shapes import COUPONS, DISCOUNTS
from recon_kit.normalise.stripe.values import day

_GIVEN = {"owner": pl.String, "owner_id": pl.String, "position": pl.Int64, "text": pl.String}
_COUPON = ("name", "duration", "duration_months", "percent_off", "percent_off_e6", "amount_off_minor", "currency")


def given(records: pl.DataFrame, owner: str, owner_id: str) -> pl.DataFrame:
    """List the discounts that records state.

    Args:
        records: with ``discounts`` (list of ids or JSON), ``discount`` (id or JSON), or one of them.
        owner: ``customer``, ``subscription`` or ``item``.
        owner_id: the column that names it.

    Returns:
        One row per (owner, place in its list): ``owner``, ``owner_id``, ``position`` (from 1), ``text``.
    """
    lists = [pl.col(name) for name in ("discounts",) if name in records.columns]
    lists += [pl.concat_list(name).list.drop_nulls() for name in ("discount",) if name in records.columns]
    texts = pl.concat_list([each.fill_null([]) for each in lists])
    listed = records.select(pl.lit(owner).alias("owner"), pl.col(owner_id).alias("owner_id"), texts.alias("text"))
    long = listed.filter(pl.col("text").list.len() > 0).explode("text")
    return long.with_columns(position=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("owner_id")).select(
        _GIVEN.keys()
    )


def discount_rows(pull: Pull, stated: pl.DataFrame, coupons: pl.DataFrame, history: History) -> pl.DataFrame:
    """Turn stated discounts into the discounts that were there on as_of.

    Args:
        pull: the reading.
        stated: from ``given``, of all owners.
        coupons: rows of ``coupons``, for those that a discount only names.
        history: later events; a discount removed after as_of is put back.

    Returns:
        One row per (owner, discount): the columns of ``discounts``, ``percent_off_e6``, ``start_at``, ``end_at``. One
        that started after as_of is left out; one of which only an id is known has no ``coupon_id``.
    """
    removed = history.deleted("discount").select("payload")
    both = pl.concat([stated, _removed(pull, removed["payload"], stated)])
    parsed = _parsed(pull, both)
    known = parsed.filter(~is_after(pl.col("start_at"), pull.cutoff))
    detailed = _with_coupons(pull, known, coupons)
    return detailed.with_columns(
        position=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("owner_id", order_by="position"),
        end_at=pl.coalesce("end_at", _natural_end()),
    ).with_columns(start_on=day("start_at", pull.timezone), end_on=day("end_at", pull.timezone))


def _natural_end() -> pl.Expr:
    runs = (pl.col("duration") == "repeating") & pl.col("duration_months").is_not_null()
    return pl.when(runs).then(add_months(pl.col("start_at"), pl.col("duration_months").fill_null(0)))


def _parsed(pull: Pull, stated: pl.DataFrame) -> pl.DataFrame:
    numbered = stated.with_row_index("line", offset=1).with_columns(pl.col("line").cast(pl.Int64))
    objects = parse_texts(pull, stated["text"], DISCOUNTS)
    joined = numbered.join(objects, on="line", how="left", validate="1:1").with_columns(
        discount_id=pl.when(pl.col("is_object")).then("discount_id").otherwise("text"),
        is_told=pl.col("coupon").is_not_null(),
    )
    best_first = joined.sort("owner_id", pl.col("is_told").not_(), "position")
    identity = pl.coalesce("discount_id", pl.format("unnamed {}", "line"))
    return best_first.filter(pl.struct("owner_id", identity).is_first_distinct()).select(
        "owner", "owner_id", "position", "discount_id", "coupon", "promotion_code_id", "start_at", "end_at"
    )


def _removed(pull: Pull, payloads: pl.Series, stated: pl.DataFrame) -> pl.DataFrame:
    parsed = parse_texts(pull, payloads, DISCOUNTS).with_columns(text=payloads)
    owner_id = pl.coalesce("item_id", "subscription_id", "customer_id")
    owner = (
        pl.when(pl.col("item_id").is_not_null())
        .then(pl.lit("item"))
        .when(pl.col("subscription_id").is_not_null())
        .then(pl.lit("subscription"))
        .otherwise(pl.lit("customer"))
    )
    after = stated["position"].max()
    last = after if isinstance(after, int) else 0
    return (
        parsed.select(owner=owner, owner_id=owner_id, position=pl.col("line") + last, text="text")
        .drop_nulls("owner_id")
        .select(_GIVEN.keys())
    )


def _with_coupons(pull: Pull, discounts: pl.DataFrame, coupons: pl.DataFrame) -> pl.DataFrame:
    """Describe each discount's coupon by the object inside it, else by the coupon of that id."""
    numbered = discounts.with_row_index("line", offset=1).with_columns(pl.col("line").cast(pl.Int64))
    inside = parse_texts(pull, discounts["coupon"].fill_null("-"), COUPONS)
    told = inside.filter("is_object").rename({"id": "coupon_id"})
    embedded = pl.concat([told.select("line"), coupon_columns(told).drop("name")], how="horizontal")
    known = coupons.select("coupon_id", pl.exclude("coupon_id", "name").name.suffix("_known")).unique("coupon_id")
    joined = numbered.join(embedded, on="line", how="left", validate="1:1").with_columns(
        coupon_id=pl.when(pl.col("coupon").str.starts_with("{")).then("coupon_id").otherwise("coupon")
    )
    described = joined.join(known, on="coupon_id", how="left", validate="m:1")
    has_own = pl.col("duration").is_not_null()
    columns = [name for name in known.columns if name.endswith("_known")]
    chosen = [
        pl.when(has_own & ~pl.lit(name == "applies_to_product_ids_known"))
        .then(pl.col(name.removesuffix("_known")))
        .otherwise(pl.col(name))
        .alias(name.removesuffix("_known"))
        for name in columns
    ]
    applies = (
        pl.when(pl.col("applies_to_product_ids").list.len() > 0)
        .then("applies_to_product_ids")
        .otherwise("applies_to_product_ids_known")
    )
    return described.with_columns(
        *[c for c in chosen if c.meta.output_name() != "applies_to_product_ids"],
        applies.fill_null([]).alias("applies_to_product_ids"),
    ).drop("line", "coupon", *columns)
