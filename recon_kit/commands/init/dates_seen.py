"""How each export writes its dates, and the newest date that has happened, from which as-of is proposed."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.commands.init.findings import Findings
from recon_kit.commands.init.locale_signs import DateStyle, date_style, read_dates

_OPPORTUNITY = "salesforce/Opportunity"
_PAST_FIELDS = {
    "stripe/customers": ("created",),
    "stripe/subscriptions": ("created", "canceled_at", "ended_at", "current_period_start"),
    "stripe/invoices": ("created", "finalized_at"),
    "stripe/charges": ("created",),
    "salesforce/Account": ("CreatedDate", "LastModifiedDate"),
    _OPPORTUNITY: ("CreatedDate", "LastModifiedDate"),
    "salesforce/Contact": ("CreatedDate", "LastModifiedDate"),
    "salesforce/OpportunityHistory": ("CreatedDate",),
}
"""Fields whose dates have happened when the export is made; a close date or a contract's end may lie ahead."""
_FOOTER_DATE = r"(\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4})"


def date_styles(findings: Findings, currency: str) -> dict[str, DateStyle | None]:
    """Find how each export writes dates; where that is open, as the other files of its system do, else by currency.

    Returns:
        By file name; none for a file without dates that can be read.
    """
    first = {file: date_style(values, month_first=currency == "USD") for file, values in _dates_of(findings).items()}
    settled = {_system(findings, file): style for file, style in first.items() if style and _decides(style)}
    return {file: _as_the_others(style, settled.get(_system(findings, file))) for file, style in first.items()}


def _decides(style: DateStyle) -> bool:
    return style.is_settled and style.format is not None


def _as_the_others(style: DateStyle | None, other: DateStyle | None) -> DateStyle | None:
    if style is None or style.is_settled or other is None or other.format is None or style.format is None:
        return style
    marks = style.format.replace("%d", "%@").replace("%m", "%@")
    first, second = ("%d", "%m") if other.format.startswith("%d") else ("%m", "%d")
    chosen = marks.replace("%@", first, 1).replace("%@", second, 1)
    return DateStyle(chosen, "day and month cannot be told apart here; taken as in the other files of that system")


def _system(findings: Findings, file: str) -> str:
    return next(found.object_name.split("/")[0] for found in findings.maps if found.file.name == file)


def _dates_of(findings: Findings) -> dict[str, pl.Series]:
    found: dict[str, list[pl.Series]] = {}
    for mapped in findings.maps:
        found.setdefault(mapped.file.name, []).extend(mapped.columns_of_kind("date"))
    return {file: pl.concat([pl.Series("date", [], dtype=pl.String), *columns]) for file, columns in found.items()}


def newest_date(findings: Findings, styles: dict[str, DateStyle | None]) -> tuple[dt.date, str] | None:
    """Find the newest date that has happened, and where it stands: records' own dates, and footers of reports."""
    seen: list[tuple[dt.date, str]] = []
    for object_name, fields in _PAST_FIELDS.items():
        for column in (column for name in fields for column in findings.columns(object_name, name)):
            style = styles.get(column.file.name)
            dates = read_dates(column.values, style.format if style else None).drop_nulls()
            seen += [(day, f"{column.file.name}, {column.header}") for day in dates.sort()[-1:].to_list()]
    for name, lines in findings.lines.items():
        seconds = lines.fields["created"].cast(pl.Int64, strict=False).drop_nulls()
        days = pl.from_epoch(seconds.filter(seconds > 0), time_unit="s").dt.date().sort()[-1:]
        seen += [(day, f"{name}, created") for day in days.to_list()]
    seen += _footer_dates(findings, styles) or ([] if seen else _closed(findings, styles))
    return max(seen, default=None)


def _footer_dates(findings: Findings, styles: dict[str, DateStyle | None]) -> list[tuple[dt.date, str]]:
    seen = []
    for file in {found.file.name: found.file for found in findings.maps}.values():
        texts = pl.Series("text", file.footer, dtype=pl.String).str.extract(_FOOTER_DATE, 1).drop_nulls()
        style = styles.get(file.name)
        days = read_dates(texts, style.format if style else None).drop_nulls().to_list()
        seen += [(day, f"the last lines of {file.name}") for day in days]
    return seen


def _closed(findings: Findings, styles: dict[str, DateStyle | None]) -> list[tuple[dt.date, str]]:
    """Fall back on close dates, where nothing says when a record was made."""
    seen = []
    for column in findings.columns(_OPPORTUNITY, "CloseDate"):
        style = styles.get(column.file.name)
        dates = read_dates(column.values, style.format if style else None).drop_nulls()
        seen += [(day, f"{column.file.name}, {column.header}") for day in dates.sort()[-1:].to_list()]
    return seen


def last_month_end(day: dt.date) -> dt.date:
    """Return the last month end on or before a day."""
    is_month_end = (day + dt.timedelta(days=1)).day == 1
    return day if is_month_end else day.replace(day=1) - dt.timedelta(days=1)


def next_month_end(day: dt.date) -> dt.date:
    """Return the first month end on or after a day."""
    first_of_next = (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return first_of_next - dt.timedelta(days=1)
