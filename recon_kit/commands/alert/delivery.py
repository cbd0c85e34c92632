"""Delivery: send the alerts of a close that are news, each once to each route, and remember what became of them."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from recon_kit import clock, close, tables
from recon_kit.artifacts import MANIFEST, CloseFolder
from recon_kit.commands.alert.sending import Message, NotSent, Patience, Receivers
from recon_kit.commands.alert.sent import (
    GONE,
    SENT,
    SENT_FILE,
    UNDELIVERED,
    Line,
    append,
    holding,
    latest,
    read_lines,
)
from recon_kit.params import Params, read_params, read_policy
from recon_kit.policy import Policy, SettingsError, build_policy
from recon_kit.runner.alerts_file import read_alerts
from recon_kit.runner.manifest import params_of_close, read_json

LEFT_ALONE_AFTER = 3
"""Alerts that fail in a row on a route before the rest is kept for the next run without a try."""


@dataclass(frozen=True)
class Asked:
    """Which close's alerts, and by which settings.

    Attributes:
        folder: a close folder, or what a close that stopped left behind.
        params: the params file whose routes and ``closes_dir`` count; none: those of the close.
        dry_run: say what would be sent, and send and write nothing.
        as_of: the day of a close that stopped; none: as its manifest says.
        environment: where addresses stand; none: the process's own.
        patience: how often an alert is tried; none: as usual.
    """

    folder: Path
    params: Path | None = None
    dry_run: bool = False
    as_of: dt.date | None = None
    environment: Mapping[str, str] | None = None
    patience: Patience | None = None


@dataclass(frozen=True)
class Parcel:
    """One alert on its way to one address."""

    alert: Mapping[str, Any]
    variable: str
    teams: tuple[str, ...]

    @property
    def route(self) -> tuple[str, str]:
        """The alert and where it goes."""
        return str(self.alert["alert_id"]), self.variable

    @property
    def told(self) -> str:
        """Say in one line who is told what."""
        return f"{' and '.join(self.teams)} ({self.variable}): {self.alert['sentence']}"

    @property
    def message(self) -> Message:
        """What is sent."""
        about = self.alert["account_name"]
        cause = tables.term("cause", str(self.alert["cause"]))
        title = " ".join(f"{about}: {cause}".split()) if about else cause
        return Message(title, str(self.alert["sentence"]), tuple(self.alert["owner_emails"]))


@dataclass
class Outcome:
    """What a delivery did: parcels that were sent, that were not, that were told before; and what has no address."""

    sent: list[Parcel] = field(default_factory=list)
    undelivered: list[tuple[Parcel, str]] = field(default_factory=list)
    known: int = 0
    waiting: int = 0
    without_address: list[Parcel] = field(default_factory=list)
    unknown_routes: list[str] = field(default_factory=list)
    raised: int = 0

    @property
    def reached(self) -> int:
        """How many parcels had an address."""
        return len(self.sent) + len(self.undelivered) + self.known


def deliver(asked: Asked) -> Outcome:
    """Send what is news.

    An alert goes to a route once, and again only when its content changed, when it had gone in between, or when it
    could not be delivered. What a later close has told already is not told again from an earlier one.

    Raises:
        SettingsError: the folder holds no alerts, the params or what was sent cannot be read, or another run is
            sending.
    """
    folder = asked.folder.resolve()
    alerts, day = read_alerts(folder), _as_of(folder, asked.as_of)
    settings = _settings(folder, asked.params)
    policy = read_policy(settings) if asked.params and settings else _policy_of(folder)
    file = (settings.resolve(settings.closes_dir) if settings else folder.parent) / SENT_FILE
    receivers = Receivers(os.environ if asked.environment is None else asked.environment, asked.patience or Patience())
    parcels = list(_parcels(alerts, policy))
    outcome = Outcome(raised=alerts.height, waiting=int(alerts["waits_for_link"].sum()))
    outcome.unknown_routes = close.unknown_routes(policy)
    outcome.without_address = [one for one in parcels if not receivers.has(one.variable)]
    reachable = [one for one in parcels if receivers.has(one.variable)]
    if asked.dry_run:
        news = _news(reachable, latest(read_lines(file)), day, outcome)
        outcome.sent = news
        return outcome
    if not reachable and not file.is_file():
        return outcome
    with holding(file):
        before = latest(read_lines(file))
        _send_all(_news(reachable, before, day, outcome), receivers, file, day, outcome)
        if (folder / MANIFEST).is_file():
            _write_gone(before, set(alerts["alert_id"]), file, day)
    return outcome


def _parcels(alerts: pl.DataFrame, policy: Policy) -> Iterator[Parcel]:
    """Pair alerts with addresses, in their order; teams of one address share a parcel."""
    routed = close.routes_of(alerts, policy)
    grouped = routed.group_by("alert_id", "variable", maintain_order=True).agg("team")
    by_alert = {row["alert_id"]: row for row in alerts.iter_rows(named=True)}
    for alert_id, variable, teams in grouped.iter_rows():
        if not by_alert[alert_id]["waits_for_link"]:
            yield Parcel(by_alert[alert_id], variable, tuple(teams))


def _news(parcels: list[Parcel], before: Mapping[tuple[str, str], Line], day: str, outcome: Outcome) -> list[Parcel]:
    found = [one for one in parcels if _is_news(one, before.get(one.route), day)]
    outcome.known = len(parcels) - len(found)
    return found


def _is_news(parcel: Parcel, line: Line | None, day: str) -> bool:
    if line is None:
        return True
    if line.as_of > day:
        return False
    return line.status != SENT or line.content_sha256 != parcel.alert["content_sha256"]


def _send_all(news: list[Parcel], receivers: Receivers, file: Path, day: str, outcome: Outcome) -> None:
    failures: dict[str, int] = {}
    for parcel in news:
        fault = _sent_or_why(parcel, receivers, failures.get(parcel.variable, 0))
        failures[parcel.variable] = failures.get(parcel.variable, 0) + 1 if fault else 0
        append(file, _line(parcel, day, UNDELIVERED if fault else SENT, fault))
        if fault:
            outcome.undelivered.append((parcel, fault))
        else:
            outcome.sent.append(parcel)


def _sent_or_why(parcel: Parcel, receivers: Receivers, failures: int) -> str:
    """Send a parcel; return why it was not delivered, empty when it was."""
    if failures >= LEFT_ALONE_AFTER:
        return f"{parcel.variable}: not tried, since the {LEFT_ALONE_AFTER} alerts before could not be delivered"
    try:
        receivers.send(parcel.variable, parcel.message)
    except NotSent as fault:
        return str(fault)
    return ""


def _line(parcel: Parcel, day: str, status: Any, note: str) -> Line:  # noqa: ANN401  (one of the words of Line)
    return Line(
        at=clock.stamp(),
        as_of=day,
        alert_id=parcel.alert["alert_id"],
        content_sha256=parcel.alert["content_sha256"],
        variable=parcel.variable,
        teams=parcel.teams,
        status=status,
        note=note,
    )


def _write_gone(before: Mapping[tuple[str, str], Line], raised: set[str], file: Path, day: str) -> None:
    """Remember which alerts this close no longer raises."""
    for line in before.values():
        if line.alert_id not in raised and line.status != GONE and line.as_of <= day:
            append(file, line.model_copy(update={"at": clock.stamp(), "as_of": day, "status": GONE, "note": ""}))


def _as_of(folder: Path, given: dt.date | None) -> str:
    if given is not None:
        return given.isoformat()
    if (folder / MANIFEST).is_file():
        return str(read_json(folder / MANIFEST)["as_of"])
    return folder.name[:10]


def _settings(folder: Path, params: Path | None) -> Params | None:
    """Read the params file that is given, else the one the close was run with, where it still is."""
    if params is not None:
        return read_params(params)
    kept = params_of_close(folder)
    if kept is None or not kept.is_file():
        return None
    try:
        return read_params(kept)
    except SettingsError:
        return None


def _policy_of(folder: Path) -> Policy:
    """Take the policy that the close was made with."""
    kept = CloseFolder(folder).inputs / "policy.yaml"
    given = yaml.safe_load(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    return build_policy(given if isinstance(given, dict) else {})
