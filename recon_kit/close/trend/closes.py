"""Closes: those that lie beside each other, the newest run of each day, and what of them a review may rest on."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from recon_kit.artifacts import MANIFEST, SIGNATURE, CloseFolder, digest_bytes
from recon_kit.pending import is_pending

TABLES = ("gaps", "history", "links", "subscriptions")
"""The tables of a close that a review reads."""
ALERTS = "alerts"
"""One more, which closes of earlier versions lack."""
_NAMED_BY_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.r(\d+))?")
OPEN, PENDING, WAITING = "open", "pending", "waiting"
"""Where a gap stands: to be acted on; open but perhaps only a link in review; too young or to clear by itself."""
_GAP_COLUMNS = (
    *("gap_id", "family", "cause", "state", "material", "account_id", "account_name", "customer_ids", "currency"),
    *("difference_minor", "impact_minor", "age_days"),
)


class UnreadableClose(ValueError):  # noqa: N818  (says what is wrong with the close)
    """A close that a review cannot rest on; the message says why, in words."""


@dataclass(frozen=True)
class ReadClose:
    """What a review knows of one close.

    Attributes:
        as_of: its day.
        name: of its folder.
        currency: the reporting currency.
        gaps: every gap with ``standing`` (``open``, ``pending``, ``waiting``, or the state that a decision or a rule
            gave it) and ``drift_minor``, the size of its monthly difference.
        links: ``status``, ``customers``, ``mrr_minor`` (reporting currency; without a rate: left out).
        open_rows: open gaps by currency as the close itself counted them in ``history``: ``gaps``, ``impact_minor``.
        total_mrr_minor: MRR of the system that shows more.
        alerts: what teams were told of it: ``alert_id``, ``kind``, ``gap_id``, ``sentence``; none: an earlier version.
        is_vouched_for: whether its tables are those that its manifest names; a close without manifest is not finished.
        is_signed: whether it carries a signature.
    """

    as_of: dt.date
    name: str
    currency: str
    gaps: pl.DataFrame
    links: pl.DataFrame
    open_rows: pl.DataFrame
    total_mrr_minor: int
    alerts: pl.DataFrame | None
    is_vouched_for: bool
    is_signed: bool


def find_closes(closes: Path, until: dt.date) -> list[CloseFolder]:
    """Find the finished closes of a folder up to a day.

    Args:
        closes: the folder of closes, such as ``data/closes``; it need not exist.
        until: the last day looked at.

    Returns:
        The newest run of each day (``2026-10-31.r2`` before ``2026-10-31``), oldest day first. Purged closes are among
        them; drafts, leftovers and packs without names are not.
    """
    newest: dict[dt.date, tuple[int, CloseFolder]] = {}
    for path in sorted(closes.iterdir()) if closes.is_dir() else []:
        day, run = _day_and_run(path)
        if day and day <= until and (day not in newest or run > newest[day][0]):
            newest[day] = (run, CloseFolder(path))
    return [newest[day][1] for day in sorted(newest)]


def _day_and_run(path: Path) -> tuple[dt.date | None, int]:
    found = _NAMED_BY_DAY.fullmatch(path.name)
    if found is None or not CloseFolder(path).is_finished:
        return None, 0
    try:
        return dt.date.fromisoformat(found[1]), int(found[2] or 1)
    except ValueError:
        return None, 0


def read_close(folder: CloseFolder) -> ReadClose:
    """Read of a close what a review rests on.

    Raises:
        UnreadableClose: it was purged, a table is missing, was changed since, or is not what such a table holds.
    """
    manifest = _manifest(folder)
    content = {name: _table(folder, name, manifest) for name in TABLES}
    alerts = _table(folder, ALERTS, manifest) if folder.has_table(ALERTS) else None
    try:
        history = content["history"]
        totals = history.filter(pl.col("measure") == "total MRR")
        return ReadClose(
            as_of=history["as_of"].unique().item(),
            name=folder.path.name,
            currency=str(totals["currency"].unique().item()),
            gaps=_standing(content["gaps"], content["links"]),
            links=_links_by_status(content["links"], content["subscriptions"]),
            open_rows=_open_in_history(history),
            total_mrr_minor=int(totals["amount_minor"].max()),  # type: ignore[arg-type]
            alerts=_told(alerts) if alerts is not None else None,
            is_vouched_for=manifest is not None,
            is_signed=(folder.path / SIGNATURE).is_file(),
        )
    except (pl.exceptions.PolarsError, ValueError, TypeError) as fault:
        first = str(fault).splitlines()[0]
        raise UnreadableClose(f"its tables are not those of a close of this version ({first})") from fault


def _manifest(folder: CloseFolder) -> dict[str, dict[str, object]] | None:
    if not folder.is_finished:
        return None
    if not folder.tables.is_dir():
        raise UnreadableClose("it was purged: only its manifest is kept")
    try:
        files = json.loads((folder.path / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise UnreadableClose("its manifest.json cannot be read") from fault
    if not isinstance(files, dict):
        raise UnreadableClose("its manifest.json cannot be read")
    return files


def _table(folder: CloseFolder, name: str, files: dict[str, dict[str, object]] | None) -> pl.DataFrame:
    """Read a table; where there is a manifest, from the very bytes that it vouches for."""
    path = folder.table_path(name)
    try:
        content = path.read_bytes()
        wanted = files.get(f"tables/{path.name}", {}).get("sha256") if files is not None else None
        if files is not None and digest_bytes(content) != wanted:
            raise UnreadableClose(f"tables/{path.name} is not the one its manifest names: recon verify tells more")
        return pl.read_parquet(content)
    except FileNotFoundError as fault:
        raise UnreadableClose(f"it has no tables/{path.name}") from fault
    except (OSError, AttributeError, pl.exceptions.PolarsError) as fault:
        raise UnreadableClose(f"tables/{path.name} cannot be read") from fault


def _told(alerts: pl.DataFrame) -> pl.DataFrame:
    """Keep the alerts that went out; one of a link in review waits until that is decided."""
    return alerts.filter(~pl.col("waits_for_link")).select("alert_id", "kind", "gap_id", "sentence").sort("alert_id")


def _standing(gaps: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    standing = (
        pl.when((pl.col("state") == OPEN) & is_pending(links))
        .then(pl.lit(PENDING))
        .when(pl.col("state").is_in(["in_window", "timing"]))
        .then(pl.lit(WAITING))
        .otherwise("state")
    )
    kept = gaps.select(_GAP_COLUMNS).with_columns(standing=standing, drift_minor=pl.col("difference_minor").abs())
    return kept.drop("customer_ids").sort("gap_id")


def _links_by_status(links: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    billed = subscriptions.group_by("customer_id").agg(mrr_minor=pl.col("mrr_reporting_minor").fill_null(0).sum())
    return (
        links.join(billed, on="customer_id", how="left", validate="1:1")
        .group_by("status")
        .agg(customers=pl.len().cast(pl.Int64), mrr_minor=pl.col("mrr_minor").fill_null(0).sum())
        .sort("status")
    )


def _open_in_history(history: pl.DataFrame) -> pl.DataFrame:
    is_open = (pl.col("measure") == "gaps") & pl.col("category").str.ends_with(f"/{OPEN}")
    return (
        history.filter(is_open)
        .group_by("currency")
        .agg(gaps=pl.col("number").sum(), impact_minor=pl.col("amount_minor").sum())
        .sort("currency")
    )
