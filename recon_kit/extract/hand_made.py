"""What the extract page says of exports made by hand: where their lines went, and what they leave untold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.extract.exports import MappedExport, RawFile, blind_spots, count_lines, raw_files, read_mapped
from recon_kit.extract.pull_record import pull_records
from recon_kit.extract.pull_report import incomplete_parts
from recon_kit.extract.raw_files import layout_files
from recon_kit.extract.report import missing_files
from recon_kit.schemas.raw import STRIPE

if TYPE_CHECKING:
    from recon_kit.artifacts import CloseFolder
    from recon_kit.params import Params
    from recon_kit.policy import Policy


def exported_lines(folder: CloseFolder, params: Params, policy: Policy) -> pl.DataFrame:
    """Count where the lines of each export in ``raw/exports`` went; see ``exports.count_lines``."""
    mapped, files = _kept(folder, params, policy)
    return count_lines(folder, mapped, files)


def untestable(
    folder: CloseFolder, params: Params, policy: Policy, *, sources: pl.DataFrame, totals: pl.DataFrame
) -> pl.DataFrame:
    """List what cannot be tested: without files that are absent, parts not pulled, and what exports do not tell.

    Returns:
        Rows of ``not_testable`` without ``room``.
    """
    _, files = _kept(folder, params, policy)
    pulls = pull_records(folder)
    refused = {(pull.system, name): reason for pull in pulls for name, reason in pull.absent.items()}
    absent = pl.concat([missing_files(sources, refused), incomplete_parts(pulls)])
    if not files:
        return absent
    return pl.concat([absent, blind_spots(files, sources, totals, _coupon_ids(folder), mode=policy.stripe_mode)])


def _kept(folder: CloseFolder, params: Params, policy: Policy) -> tuple[list[MappedExport], list[RawFile]]:
    """Read the exports again as the close keeps them."""
    mapped = read_mapped(params, {"stripe": folder.raw, "salesforce": folder.raw})
    return mapped, list(raw_files(mapped, params, policy))


def _coupon_ids(folder: CloseFolder) -> pl.Series:
    """Collect the ids of the coupons whose terms some file tells; a gzipped one is decompressed by the reader."""
    known, _ = layout_files(folder.raw / STRIPE, STRIPE)
    files = [file for file, name in known.items() if name == "coupons"]
    texts = [pl.read_csv(file, **_WHOLE_LINES)["line"] for file in files if file.stat().st_size]  # type: ignore[arg-type]
    both = pl.concat(texts) if texts else pl.Series([], dtype=pl.String)
    is_told = both.str.json_path_match("$.duration").is_not_null()
    return both.filter(is_told).str.json_path_match("$.id").drop_nulls()


_WHOLE_LINES = {
    "has_header": False,
    "new_columns": ["line"],
    "separator": "\x01",
    "quote_char": None,
    "infer_schema": False,
    "encoding": "utf8-lossy",
}
