"""The worksheets: MRR step by step, to re-perform by hand."""

import dataframely as dy

from recon_kit.schemas import columns as c
from recon_kit.schemas.table import Table


class MrrWorksheet(dy.Schema):
    """One row per contract and subscription: the steps from the raw figure to MRR, to re-perform by hand.

    Exact columns are minor units of the record's own currency with 15 decimals.
    """

    side = c.key()
    record_id = c.key()
    currency = c.name()
    basis = c.text()
    raw_minor = c.maybe_minor()
    term_months = c.maybe_count()
    interval = c.text()
    parts = c.count()
    gross_monthly = c.exact()
    item_discount_monthly = c.exact()
    discount_monthly = c.exact()
    tax_monthly = c.exact()
    net_monthly = c.exact()
    counts = c.flag()
    reason = c.text()
    mrr_minor = c.maybe_minor()
    rate_on = c.day()
    rate = c.text()
    mrr_reporting_minor = c.maybe_minor()


class MrrWorksheetParts(dy.Schema):
    """One row per contract line and subscription item: its part of the record's MRR."""

    side = c.key()
    record_id = c.key()
    part_id = c.key()
    label = c.text()
    quantity = c.quantity()
    unit_amount = c.quantity()
    raw_minor = c.maybe_minor()
    interval = c.text()
    interval_count = c.maybe_count()
    months = c.text()
    gross_monthly = c.exact()
    discount_monthly = c.exact()
    tax_monthly = c.exact()
    net_monthly = c.exact()
    counts = c.flag()
    reason = c.text()


WORKSHEETS = (
    Table("mrr_worksheet", MrrWorksheet),
    Table("mrr_worksheet_parts", MrrWorksheetParts),
)
