"""Companies side by side: the tables of several drawn companies as one, each with ids of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tests.sold_and_billed import Tables, found_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recon_kit.gaps import Findings

IDS = {
    "opportunity_id", "account_id", "account_id_as_given", "survivor_id", "merged_into", "customer_id", "subscription_id",
    "record_id", "owner_id", "invoice_id", "charge_id", "refund_id", "refund_ids", "credit_note_id", "item_id", "line_id",
    "event_id", "object_id", "discount_id", "history_id", "price_id", "stripe_subscription_id", "taken_over_by", "amends_id",
    "prior_id", "metadata_account_id", "metadata_opportunity_id",
}  # fmt: skip
"""Columns that hold ids of one company."""
SHARED = {"common_rates", "prices"}
"""Tables that all companies share."""


def renamed(tables: Tables, suffix: str) -> Tables:
    """The same company under other ids."""
    return {
        name: frame if name in SHARED else frame.with_columns(_ids_with(frame, suffix))
        for name, frame in tables.items()
    }


def _ids_with(frame: pl.DataFrame, suffix: str) -> list[pl.Expr]:
    return [
        pl.col(name).list.eval(pl.element() + suffix) if isinstance(kind, pl.List) else pl.col(name) + suffix
        for name, kind in frame.schema.items()
        if name in IDS
    ]


def side_by_side(companies: Iterable[Tables]) -> Tables:
    """One set of tables that holds every company; ids of the n-th end in ``.n``."""
    apart = [renamed(tables, f".{number}") for number, tables in enumerate(companies)]
    return {
        name: apart[0][name] if name in SHARED else pl.concat([tables[name] for tables in apart]) for name in apart[0]
    }


class Found:
    """The findings of companies that were compared at once, told apart again."""

    def __init__(self, companies: Iterable[Tables]) -> None:
        """Compare them all in one run."""
        self.together: Findings = found_in(side_by_side(companies))

    def gaps(self, number: int) -> list[dict[str, object]]:
        """The gaps of one company."""
        ids = pl.concat_list("opportunity_ids", "subscription_ids")
        own = ids.list.eval(pl.element().str.ends_with(f".{number}")).list.any()
        return self.together.gaps.filter(own).rows(named=True)

    def lines(self, number: int) -> set[str]:
        """The lines of the bridge that its records stand on."""
        placed = self.together.placement.filter(pl.col("record_id").str.ends_with(f".{number}"))
        return set(placed.filter(placed_in="bridge")["line"])
