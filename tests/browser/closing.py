"""The index page of a made-up close, for tests and for looking at."""

from dataclasses import replace

import polars as pl

from recon_kit.runner.index_page import HeadlineFigure, IndexContext, PageEntry

CONTROLS = pl.DataFrame(
    {
        "control_id": ["gaps.bridge", "normalise.invoices.rows", "resolve.customers.rows"],
        "room": ["gaps", "normalise", "resolve"],
        "equation": [
            "Salesforce MRR + changes = Stripe MRR",
            "invoice records read = accepted + quarantined + excluded + duplicate + superseded",
            "customers = linked + in review + unlinked",
        ],
        "left_minor": [20410038, 912_311_00, None],
        "right_minor": [20410038, 912_311_00, None],
        "left_rows": [None, 2_104, 141],
        "right_rows": [None, 2_104, 141],
        "currency": ["USD", "USD", None],
        "passes": [True, True, True],
    }
)
CHANGES = pl.DataFrame(
    {
        "change": ["new", "gone", "changed"],
        "account_name": ["Tilbury Freight", "Northwind Dairy", "Ångström & Sons"],
        "cause": ["expansion", "late_start", "discount"],
        "impact_minor": [40_000, 27_097, 118_200],
        "before_minor": [None, 27_097, 96_000],
        "currency": ["USD"] * 3,
    }
)
NOT_TESTABLE = pl.DataFrame(
    {
        "subject": ["subscription", "contract"],
        "id": ["sub_1QmZkd2eZvKYlo2C", "006Hs00001ABCDEIA5"],
        "reason": ["changed after the as-of, without the old value", "no exchange rate for KWD"],
        "exposed_minor": [120_000, 45_000],
        "currency": ["USD", "KWD"],
    }
)


def index_context(*, ties=True):
    """Return what the index of a close says."""
    is_bridge = pl.col("control_id") == "gaps.bridge"
    broken = CONTROLS.with_columns(
        left_minor=pl.when(is_bridge).then(pl.col("left_minor") + 12).otherwise("left_minor"), passes=~is_bridge
    )
    return IndexContext(
        title="Close of October 2026",
        as_of="2026-10-31",
        ties=ties,
        verdict="41 gaps are open, 29 of them material; every one is explained to the cent.",
        do_first="Tilbury Freight: Stripe bills 3,200.00 a month, Salesforce shows 2,800.00. Update the opportunity.",
        headline=[
            HeadlineFigure("Salesforce MRR", 21450000, "USD", "118 contracts in force"),
            HeadlineFigure("Stripe MRR", 20410038, "USD", "131 live subscriptions"),
            HeadlineFigure("Difference", 1039962, "USD", "4.8 % of Salesforce MRR"),
            HeadlineFigure("Money at stake so far", 5231099, "USD", "since the day each gap began"),
        ],
        changed="Since the close of 30 September 2026: 1 new, 1 gone, 1 changed.",
        changes=CHANGES,
        pages=[
            PageEntry("Extract", "What does each system say, and did we get all of it?", "01_extract.html"),
            PageEntry("Gaps", "Where do sales and billing disagree, and why?", "04_gaps.html"),
            PageEntry("Cash", "Is what was billed booked, and did it reach the bank?"),
        ],
        controls=CONTROLS if ties else broken,
        limits="2 records could not be tested; they stand for 1,200.00 USD and 45.000 KWD a month.",
        not_testable=NOT_TESTABLE,
        manifest_sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        colophon={"Recon Kit": "0.1.0"},
    )


def superseding():
    """Return what the index of a re-run beside a signed close says."""
    rows = pl.DataFrame(
        {
            "table": ["gaps"] * 3 + ["bridge"] * 4,
            "change": ["changed", "new", "gone", "changed", "changed", "changed", "changed"],
            "row": ["gap_1", "gap_2", "gap_3", "1 / Salesforce MRR", "2 / Expansion", "3 / Tax", "4 / Stripe MRR"],
            "columns": ["impact_minor", None, None, *["amount_minor"] * 4],
            "before": ["impact_minor: 96000", None, None, *["amount_minor: 20400"] * 4],
            "now": ["impact_minor: 118200", None, None, *["amount_minor: 20500"] * 4],
        }
    )
    told = ("This close supersedes 2026-10-31, signed by Jane Doe on 2026-11-04.", "Other inputs: Opportunity.csv.")
    return replace(index_context(), supersedes=told, differing=rows)
