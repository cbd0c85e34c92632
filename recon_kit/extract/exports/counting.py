"""Where each line of an export went, and the equations that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.controls import Control
from recon_kit.csv_text import read_text
from recon_kit.extract.exports.translation import RawFile, kept_as

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recon_kit.artifacts import CloseFolder
    from recon_kit.extract.exports.column_map import MappedExport

_SCHEMA = {
    "export": pl.String,
    "object": pl.String,
    "file": pl.String,
    "encoding": pl.String,
    "lines": pl.Int64,
    "header_lines": pl.Int64,
    "report_lines": pl.Int64,
    "blank_lines": pl.Int64,
    "record_lines": pl.Int64,
    "records": pl.Int64,
    "malformed": pl.Int64,
    "left_out": pl.Int64,
    "merged": pl.Int64,
    "written": pl.Int64,
}


def count_lines(folder: CloseFolder, exports: list[MappedExport], files: Iterable[RawFile]) -> pl.DataFrame:
    """Count where the lines of each export went.

    Returns:
        One row per (export, object), sorted: ``lines`` of the export as kept in ``raw/exports``, counted apart from how
        they were read; ``header_lines``, ``report_lines``, ``blank_lines``, ``record_lines``; ``records``,
        ``malformed`` of them, ``left_out`` (rows that give none of the object), ``merged`` (rows that became an item of
        another row's subscription), ``written`` to ``file``.
    """
    physical = {mapped.export.name: _line_count(folder, mapped) for mapped in exports}
    rows = [_row(file, physical[file.mapped.export.name]) for file in files]
    return pl.DataFrame(rows, schema=_SCHEMA).sort("export", "object")


def _line_count(folder: CloseFolder, mapped: MappedExport) -> int:
    path = folder.raw / kept_as(mapped)
    encoding = mapped.settings.encoding
    text = path.read_bytes().decode(encoding) if encoding else read_text(path)[0]
    return len(text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")) if text else 0


def _row(file: RawFile, lines: int) -> dict[str, object]:
    export = file.mapped.export
    broken = export.malformed.height if file.feed is file.mapped.feeds[0] else 0
    return {
        "export": export.name,
        "object": file.feed.key,
        "file": file.name,
        "encoding": export.encoding,
        "lines": lines,
        "header_lines": export.header_lines,
        "report_lines": export.report_lines,
        "blank_lines": export.blank_lines,
        "record_lines": export.record_lines,
        "records": export.records.height + broken,
        "malformed": broken,
        "left_out": file.left_out,
        "merged": file.merged,
        "written": file.rows,
    }


def exported_ties(lines: pl.DataFrame, sources: pl.DataFrame) -> list[Control]:
    """State that no line of an export is lost, and that what was made of it is what the raw files hold.

    Args:
        lines: from ``count_lines``.
        sources: from ``count_sources``; its rows were counted in the raw files.
    """
    of_files = lines.unique("export", keep="first", maintain_order=True).iter_rows(named=True)
    parts = ("header_lines", "report_lines", "blank_lines", "record_lines")
    counted = sources.select("rows", file=pl.concat_str("source", pl.lit("/"), "file"))
    made = lines.join(counted, on="file", how="left", validate="1:1").iter_rows(named=True)
    return [
        *(
            Control(
                control_id=f"extract.exports.{row['export']}.lines",
                room="extract",
                equation="lines of the export = header + report lines + blank lines + lines of records",
                left_rows=row["lines"],
                right_rows=sum(row[part] for part in parts),
            )
            for row in of_files
        ),
        *(
            Control(
                control_id=f"extract.exports.{row['export']}.{row['object']}.rows",
                room="extract",
                equation="rows of the export - rows without the object - rows merged = records of the raw file",
                left_rows=row["records"] - row["left_out"] - row["merged"],
                right_rows=row["rows"] or 0,
            )
            for row in made
        ),
    ]
