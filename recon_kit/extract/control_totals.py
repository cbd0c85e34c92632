"""Count what was copied: rows, money, period and digest of every raw file, independently of how it is read later."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from recon_kit import money
from recon_kit.artifacts import CloseFolder, digest_file
from recon_kit.calendar import instant
from recon_kit.csv_text import read_csv_text
from recon_kit.extract.raw_files import layout_files
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import OBJECTS, SALESFORCE, STRIPE, RawObject
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from recon_kit.params import Params
    from recon_kit.policy import Policy

_LONGEST_LINE = 64 * 1024 * 1024


def count_sources(folder: CloseFolder, params: Params, policy: Policy) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Count every raw file.

    Returns:
        (``sources``: one row per raw file; ``control_totals``: one row per (file, currency)), both sorted by key. Rows
        are non-blank lines of JSONL and records of CSV; money is what can be parsed, in minor units.
    """
    sources, totals = [], []
    with duckdb.connect() as connection:
        for source, name, file in _files(folder):
            figures = figures_of(connection, source, name, file, params=params, policy=policy)
            rows = _rows(source, file, figures)
            sources.append(_source_row(source, name, file, rows, figures))
            totals.append(_totals(source, name, file, figures, rows))
    sources += _rates_row(folder)
    return (
        pl.DataFrame(sources, schema=TABLES["sources"].empty().schema).sort("source", "object", "file"),
        pl.concat([TABLES["control_totals"].empty(), *totals]).sort("source", "object", "file", "currency"),
    )


def figures_of(
    connection: duckdb.DuckDBPyConnection, source: str, name: str, file: Path, *, params: Params, policy: Policy
) -> pl.DataFrame:
    """Take money and creation out of every record of a raw file.

    Returns:
        One row per record, in the file's order: ``currency``, ``amount_minor`` (both null where nothing can be read),
        ``at`` (creation). No rows for books, which are counted by their lines.
    """
    raw_object = next((raw for raw in OBJECTS.get(source, ()) if raw.name == name), None)
    if source == STRIPE:
        return _stripe_figures(connection, file, raw_object)
    if source == SALESFORCE:
        return _salesforce_figures(file, raw_object, policy.reporting_currency, params.fields.get("contract", {}))
    return pl.DataFrame(schema=_FIGURES)


def _files(folder: CloseFolder) -> Iterator[tuple[str, str, Path]]:
    """Walk the raw files: source, object, file."""
    for source in ("stripe", "salesforce", "ledger", "bank"):
        known, _ = layout_files(folder.raw / source, source)
        yield from ((source, name, file) for file, name in known.items())


_FIGURES = pl.Schema({"currency": pl.String(), "amount_minor": pl.Int64(), "at": pl.Datetime("us", "UTC")})
"""One row per record of a file; none for books, which are counted by their lines."""


_FIELDS_OF_LINES = """
    select case when json_valid(text) then json_extract_string(text, ['$.' || $amount, '$.' || $currency, '$.created'])
           end as f
    from {lines} where trim(coalesce(text, ''), E' \\t\\r\\n\\x0b\\x0c') <> ''
"""
_LINES = """read_csv(
        $path, columns={'text': 'VARCHAR'}, header=false, auto_detect=false,
        delim='\x01\x02\x03\x04', quote='', escape='', max_line_size=$longest, buffer_size=$buffer,
        compression=$compression)"""
_LAST_SECOND = 7_258_118_400
"""1 January 2200: a later instant is milliseconds or a typing error."""


def _stripe_figures(connection: duckdb.DuckDBPyConnection, file: Path, raw_object: RawObject | None) -> pl.DataFrame:
    amount, currency = (raw_object.money if raw_object else None) or ("-", "-")
    lines = _fields_of_lines(connection, file, {"amount": amount, "currency": currency})
    field = pl.col("f").list
    code = field.get(1, null_on_oob=True).str.to_uppercase()
    minor = money.stripe_to_iso(money.integer_text(field.get(0, null_on_oob=True)), code)
    seconds = money.integer_text(field.get(2, null_on_oob=True))
    return lines.select(
        currency=code,
        amount_minor=pl.when(money.is_currency(code)).then(minor),
        at=instant(pl.when(seconds.is_between(1, _LAST_SECOND)).then(seconds)),
    )


def _fields_of_lines(connection: duckdb.DuckDBPyConnection, file: Path, names: Mapping[str, str]) -> pl.DataFrame:
    """Take amount, currency and creation out of every line; the few files DuckDB refuses are cut into lines here."""
    place: dict[str, object] = {"path": str(file), "longest": _LONGEST_LINE, "buffer": 2 * _LONGEST_LINE}
    place["compression"] = "gzip" if _is_gzip(file) else "none"
    try:
        found: pl.DataFrame = connection.sql(_FIELDS_OF_LINES.format(lines=_LINES), params={**place, **names}).pl()
    except duckdb.Error:
        texts = [line.decode(errors="backslashreplace") for line in _raw_lines(file)]
        connection.register("raw_lines", pl.DataFrame({"text": texts}, schema={"text": pl.String}).to_arrow())
        found = connection.sql(_FIELDS_OF_LINES.format(lines="raw_lines"), params=dict(names)).pl()
    return found


def _is_gzip(file: Path) -> bool:
    return file.suffix.lower() == ".gz"


def _raw_lines(file: Path) -> Iterator[bytes]:
    """Cut a file into lines at its line feeds or, where it has none, at its carriage returns.

    Raises:
        SchemaError: a gzip file is cut short or damaged; its checksum is compared at the end.
    """
    try:
        with gzip.open(file, "rb") if _is_gzip(file) else file.open("rb") as content:
            first = content.readline().removeprefix(b"\xef\xbb\xbf")
            yield from [first] if first.endswith(b"\n") else first.split(b"\r")
            yield from content
    except (EOFError, gzip.BadGzipFile, zlib.error) as fault:
        raise SchemaError(
            f"The file {file.parent.name}/{file.name} is damaged or cut short ({fault}), so what it says cannot be "
            "trusted. Copy or pull it again."
        ) from fault


def _salesforce_figures(
    file: Path, raw_object: RawObject | None, reporting_currency: str, overrides: Mapping[str, list[str]]
) -> pl.DataFrame:
    read = read_csv_text(file)
    records = read.records
    columns = {name.lower(): name for name in read.header}
    fields = raw_object.money if raw_object else None
    amounts = overrides.get("amount", [fields[0]]) if fields else []
    currencies = overrides.get("currency", [fields[1]]) if fields else []
    code = _first(columns, currencies).str.to_uppercase().fill_null(reporting_currency)
    figures = records.with_columns(code.alias("currency")).select(
        currency="currency",
        amount_minor=money.decimal_to_minor(_first(columns, amounts), pl.col("currency")),
        at=_first(columns, ["CreatedDate"]).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False),
    )
    return pl.concat([figures, pl.DataFrame(schema=_FIGURES).clear(read.malformed.height)])


def _first(columns: Mapping[str, str], names: list[str]) -> pl.Expr:
    present = [pl.col(columns[name.lower()]).str.strip_chars() for name in names if name.lower() in columns]
    return pl.coalesce(*[pl.when(column != "").then(column) for column in present], pl.lit(None, dtype=pl.String))


def _rows(source: str, file: Path, figures: pl.DataFrame) -> int:
    if source == SALESFORCE:
        return figures.height
    return sum(1 for line in _raw_lines(file) if line.strip())


def _source_row(source: str, name: str, file: Path, rows: int, figures: pl.DataFrame) -> dict[str, object]:
    return {
        "source": source,
        "object": name,
        "file": file.name,
        "rows": rows,
        "from_at": figures["at"].min(),
        "to_at": figures["at"].max(),
        "bytes": file.stat().st_size,
        "sha256": digest_file(file),
    }


def _totals(source: str, name: str, file: Path, figures: pl.DataFrame, rows: int) -> pl.DataFrame:
    priced = figures.group_by(pl.when(pl.col("amount_minor").is_not_null()).then("currency").fill_null("")).agg(
        rows=pl.len().cast(pl.Int64),
        amount_minor=pl.when(pl.col("amount_minor").count() > 0).then(pl.col("amount_minor").sum()),
    )
    unread = rows - figures.height
    if unread:
        priced = (
            pl.concat(
                [
                    priced,
                    pl.DataFrame({"currency": [""], "rows": [unread], "amount_minor": [None]}, schema=priced.schema),
                ]
            )
            .group_by("currency")
            .agg(pl.col("rows").sum(), pl.col("amount_minor").max())
        )
    return priced.select(
        source=pl.lit(source),
        object=pl.lit(name),
        file=pl.lit(file.name),
        currency="currency",
        rows="rows",
        amount_minor="amount_minor",
    )


def _rates_row(folder: CloseFolder) -> list[dict[str, object]]:
    return [
        {
            "source": "fx",
            "object": "rates",
            "file": file.name,
            "rows": sum(1 for line in file.read_bytes().splitlines() if line.strip()) - 1,
            "bytes": file.stat().st_size,
            "sha256": digest_file(file),
        }
        for file in sorted((folder.raw / "fx").glob("*.csv"))
    ]
