"""What the first JSON lines of a Stripe file tell: object, mode, currency, the newest moment."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from recon_kit.commands.init.survey import SeenFile

_FIELDS = (
    "select case when json_valid(text) then json_extract_string(text, ['$.object', '$.livemode', '$.currency', "
    "'$.created', '$.date']) end as f from lines"
)


@dataclass(frozen=True)
class StripeLines:
    """The first lines of one file: ``object``, ``livemode``, ``currency``, ``created`` (seconds), all text."""

    fields: pl.DataFrame
    readable: int

    def most_common(self, name: str) -> str | None:
        """Return the most frequent value of a field, the first in the alphabet of several."""
        counted = self.fields.drop_nulls(name).group_by(name).len().sort(["len", name], descending=[True, False])
        return None if counted.is_empty() else str(counted[name][0])


def read_lines(file: SeenFile) -> StripeLines:
    """Take the fields out of the first lines; a line that is no JSON object gives none."""
    with duckdb.connect() as connection:
        connection.register("lines", file.rows.select("text").to_arrow())
        taken: pl.DataFrame = connection.sql(_FIELDS).pl()
    parts = pl.col("f").list
    names = ("object", "livemode", "currency")
    fields = taken.select(
        *(parts.get(place, null_on_oob=True).alias(name) for place, name in enumerate(names)),
        created=pl.coalesce(parts.get(3, null_on_oob=True), parts.get(4, null_on_oob=True)),
    )
    return StripeLines(fields, taken.drop_nulls("f").height)
