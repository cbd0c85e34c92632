"""Fields of JSON lines that were made from exports, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.schemas.raw import STRIPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon_kit.extract.exports.translation import RawFile


def lines_of(files: Sequence[RawFile], object_name: str, mode: str) -> pl.Series:
    """Collect the objects of one kind and mode over the raw files made from exports; of an id, the last one stands."""
    texts = [file.texts for file in files if file.feed.key == f"{STRIPE}/{object_name}"]
    both = pl.concat(texts) if texts else pl.Series([], dtype=pl.String)
    ids = both.str.json_path_match("$.id")
    other = str(mode == "test").lower()
    is_other = (both.str.json_path_match("$.livemode") == other).fill_null(value=False)
    frame = pl.DataFrame({"text": both, "id": ids}).filter(~is_other)
    return frame.drop_nulls("id").unique("id", keep="last", maintain_order=True)["text"]


def fields_of(lines: pl.Series, paths: Mapping[str, str]) -> pl.DataFrame:
    """Read fields of JSON lines: column -> dotted path; text, null where absent."""
    source = pl.DataFrame({"line": lines.cast(pl.String)})
    return source.select(pl.col("line").str.json_path_match(f"$.{path}").alias(name) for name, path in paths.items())
