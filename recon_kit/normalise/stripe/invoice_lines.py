"""Invoice lines: those inside invoices, and the overflow pages."""

from __future__ import annotations

import polars as pl

from recon_kit.normalise.stripe.buckets import AFTER_AS_OF, Placed
from recon_kit.normalise.stripe.reader import Reader
from recon_kit.normalise.stripe.records import PLACE, attach
from recon_kit.normalise.stripe.rules import (
    an_id,
    faulty_inside,
    known_currency,
    missing,
    points_to,
    possible_moment,
    whole_amount,
)
from recon_kit.normalise.stripe.shapes_invoices import INVOICE_LINES, OVERFLOW_LINES
from recon_kit.normalise.stripe.values import day, decimal, exact_e12, unparsed, yes
from recon_kit.quarantine import Rule

_KINDS = {
    "subscription_item_details": "subscription",
    "invoice_item_details": "invoiceitem",
    "subscription": "subscription",
    "invoiceitem": "invoiceitem",
}
FAULTY_LINE = faulty_inside(
    "faulty_line",
    "lines.data",
    ("faulty_line", "unlisted"),
    "A line of the invoice has an amount, currency, quantity or time that cannot be read. Pull the invoice again.",
)


def lines_inside(lines: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    """Take the lines of chosen invoice records, with ``invoice_id``."""
    if invoices.is_empty():
        return lines.clear().with_columns(pl.lit(None, dtype=pl.String).alias("invoice_id"))
    owners = invoices.select("file", "line", invoice_id="key")
    return lines.join(owners, on=["file", "line"], validate="m:1")


def typed_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Say in one language of what kind invoice lines are."""
    return lines.with_columns(
        kind=pl.col("kind").replace_strict(_KINDS, default=pl.col("kind")),
        is_proration=yes("is_proration"),
    )


def faults_by_invoice(lines: pl.DataFrame) -> pl.DataFrame:
    """Return one row per invoice with a faulty line: ``file``, ``line``, ``faulty_line`` (the first faulty value)."""
    checks = [(name, f"{name}_minor") for name in ("amount", "discount", "tax")]
    checks += [(f"{name}_seconds", f"{name}_at") for name in INVOICE_LINES.moments]
    values = [pl.when(unparsed(text, parsed)).then(pl.format("{}: {}", pl.lit(text), text)) for text, parsed in checks]
    absent = {
        "line_id": pl.col("line_id").is_null(),
        "amount": pl.all_horizontal(pl.col("amount", "amount_minor").is_null()),
    }
    nameless = [pl.when(is_absent).then(pl.lit(f"{name}: none")) for name, is_absent in absent.items()]
    faulty = lines.select("file", "line", "position", faulty_line=pl.coalesce(*nameless, *values)).drop_nulls(
        "faulty_line"
    )
    return faulty.sort("position").unique(["file", "line"], keep="first").select("file", "line", "faulty_line")


def place_overflow(reader: Reader, invoices: pl.DataFrame, embedded: pl.DataFrame) -> Placed:
    """Read the overflow pages.

    Args:
        reader: the pull.
        invoices: ``invoice_id``, ``bucket``, ``cause`` of every invoice that was read.
        embedded: ``line_id``, ``invoice_id`` of lines already known from inside their invoice.
    """
    records = reader.read("invoice_lines", OVERFLOW_LINES, object_type="line_item")
    parents = invoices.drop_nulls("invoice_id").unique("invoice_id", keep="first")
    late = parents.filter(pl.col("cause") == AFTER_AS_OF)["invoice_id"]
    pairs = embedded.select("line_id", "invoice_id").join(records.select("line_id"), on="line_id", how="semi")
    twice = pairs.unique().with_columns(is_embedded=pl.lit(value=True))
    known = typed_lines(records).join(twice, on=["line_id", "invoice_id"], how="left", validate="m:1")
    undecided = pl.col("bucket").is_null()
    belongs_later = undecided & pl.col("invoice_id").is_in(late.implode())
    repeats = undecided & pl.col("is_embedded").fill_null(value=False)
    placed = known.with_columns(
        bucket=pl.when(belongs_later)
        .then(pl.lit("excluded"))
        .when(repeats)
        .then(pl.lit("duplicate"))
        .otherwise("bucket"),
        cause=pl.when(belongs_later).then(pl.lit(AFTER_AS_OF)).otherwise("cause"),
    )
    accepted = parents.filter(pl.col("bucket") == "accepted")["invoice_id"]
    return reader.place(placed, "invoice_lines", _rules(accepted))


def _rules(invoices: pl.Series) -> list[Rule]:
    return [
        an_id("line_id"),
        missing("invoice", "invoice_id"),
        missing("amount", "amount", "amount_minor"),
        known_currency(),
        *(whole_amount(name, name, f"{name}_minor") for name in ("amount", "discount", "tax")),
        *(possible_moment(name, name) for name in OVERFLOW_LINES.moments),
        points_to("invoice", "invoice_id", invoices, "invoice"),
    ]


def line_rows(embedded: pl.DataFrame, overflow: pl.DataFrame, invoices: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Return one row per (line, invoice): the columns of ``invoice_lines``, ``quantity_e12``, ``unit_amount_e12``.

    A line of a subscription's item is of kind ``subscription`` even where an old version calls its proration an invoice
    item.

    Args:
        embedded: lines inside accepted invoices, with ``invoice_id``.
        overflow: accepted lines of the overflow pages.
        invoices: ``invoice_id``, ``subscription_id`` of accepted invoices.
        reader: the time zone.
    """
    columns = [name for name in embedded.columns if name not in {*PLACE, "position"}]
    both = _once(pl.concat([embedded.select(columns), overflow.select(columns)]))
    owners = invoices.select("invoice_id", of_invoice="subscription_id")
    zone = reader.pull.timezone
    return attach(both, owners, on="invoice_id").select(
        "line_id",
        "invoice_id",
        "item_id",
        "price_id",
        "product_id",
        "description",
        "is_proration",
        "amount_minor",
        "tax_minor",
        "tax_inclusive_minor",
        "currency",
        kind=pl.when(pl.col("item_id").is_not_null()).then(pl.lit("subscription")).otherwise("kind"),
        subscription_id=pl.when(pl.col("kind") == "subscription")
        .then(pl.coalesce("subscription_id", "of_invoice"))
        .otherwise("subscription_id"),
        quantity=decimal("quantity"),
        quantity_e12=exact_e12("quantity"),
        unit_amount_e12=exact_e12("unit_amount"),
        discount_minor=pl.col("discount_minor").fill_null(0),
        taxable_minor=pl.coalesce(
            "taxable_minor",
            pl.col("amount_minor") - pl.col("discount_minor").fill_null(0) - pl.col("tax_inclusive_minor"),
        ),
        period_start_on=day("period_start_at", zone),
        period_end_on=day("period_end_at", zone),
        period_start_at="period_start_at",
        period_end_at="period_end_at",
    )


def _once(lines: pl.DataFrame) -> pl.DataFrame:
    """Keep the first of lines that repeat inside an invoice; most snapshots have none, and looking costs less."""
    if lines["line_id"].n_unique() == lines.height:
        return lines
    return lines.unique(["line_id", "invoice_id"], keep="first", maintain_order=True)
