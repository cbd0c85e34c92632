"""Which refunds and credit notes count, and how often, where a credit note names a refund.

A contract of 1,000 a month that is billed in full; a refund of 50.00 on a charge of 1,000, a credit note of 30.00, and
what became of the note. The money given back, or ``none``.
"""

import pytest

from tests.drawn_gaps import rows_of
from tests.hand_made import minor
from tests.sold_and_billed import company, found_in

DRAWN = """
a note beside the refund             | status=issued                        | 80.00
the note is of the refund            | status=issued refund_ids=re          | 30.00
a void note beside the refund        | status=void                          | 50.00
a void note of the refund            | status=void refund_ids=re            | 50.00
voided since, of the refund          | voided_on=2026-09-01 refund_ids=re   | 50.00
a note by mistake, of the refund     | reason=duplicate refund_ids=re       | none
"""
GIVEN_BACK = {
    "invoices": [
        {"invoice_id": "in", "subscription_id": "s1", "currency": "USD", "tax_minor": 0, "total_minor": 100_000}
    ],
    "charges": [{"charge_id": "ch", "invoice_id": "in", "currency": "USD", "amount_minor": 100_000}],
    "refunds": [
        {
            "refund_id": "re", "charge_id": "ch", "currency": "USD", "amount_minor": 5_000, "created_on": "2026-08-12",
            "status": "succeeded",
        }
    ],
}  # fmt: skip
NOTE = {
    "credit_note_id": "cn", "invoice_id": "in", "currency": "USD", "total_minor": 3_000, "created_on": "2026-08-20",
}  # fmt: skip


@pytest.mark.parametrize(("note", "expected"), rows_of(DRAWN))
def test_drawn(note, expected):
    given = dict(word.split("=") for word in note.split())
    if "refund_ids" in given:
        given["refund_ids"] = [given["refund_ids"]]
    tables = company(
        "o1 1,000 2026-03-01..2027-02-28", "s1 1,000 2026-03-01", credit_notes=[NOTE | given], **GIVEN_BACK
    )
    impacts = found_in(tables).gaps.filter(cause="refund_or_credit")["impact_minor"].to_list()
    assert impacts == ([] if expected == "none" else [minor(expected)])
