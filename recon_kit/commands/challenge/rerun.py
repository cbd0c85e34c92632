"""Running a close again on raw data in which errors were planted, and the ground on which they are planted."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import polars as pl
import yaml

from recon_kit import money
from recon_kit.artifacts import CloseFolder
from recon_kit.commands.challenge.expectation import Terms
from recon_kit.commands.challenge.ground import Ground
from recon_kit.commands.challenge.snapshot import Snapshot
from recon_kit.commands.verify import params_of
from recon_kit.fx import RATES_FILE, read_rates
from recon_kit.params import Params
from recon_kit.policy import Policy
from recon_kit.runner.execute import execute_here
from recon_kit.runner.stages import chosen_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_QUOTED_YEARS = 6


@dataclass(frozen=True)
class Rerun:
    """Runs the close again on other raw data, with its own params, policy, decisions and link files."""

    close: CloseFolder
    manifest: Mapping[str, Any]
    scratch: Path

    def plain(self, tell: Callable[[str], None]) -> CloseFolder:
        """Run it on its own raw data, because the code is not the one that made it."""
        tell("The code is not the one that made this close: it is run once more as it stands, to compare with.")
        return self.with_errors(Snapshot(self.close.raw, []), 0)

    def with_errors(self, snapshot: Snapshot, number: int) -> CloseFolder:
        """Run it on a changed snapshot."""
        place = self.scratch / f"round-{number}"
        place.mkdir()
        snapshot.write(place / "raw")
        given = params_of(self.close, self.manifest, place)
        for source in given["source"].values():
            if source.get("path"):
                source["path"] = str(place / "raw")
        file = place / "params.yaml"
        file.write_text(yaml.safe_dump({**given, "columns": {}, "previous": "none"}), encoding="utf-8")
        here: dict[str, object] = {"params": str(file), "close_dir": str(place / "close")}
        for stage in chosen_stages():
            execute_here(stage, here)
        return CloseFolder(place / "close")


def ground_of(close: CloseFolder, manifest: Mapping[str, Any]) -> Ground:
    """Read what is the same for all companies of a close."""
    policy = Policy.model_validate(manifest["policy"])
    as_of = Params.model_validate({"as_of": manifest["as_of"]}).as_of
    rates = {
        row["currency"]: Fraction(int(row["rate_numerator"]), int(row["rate_denominator"]))
        for row in close.read_table("common_rates").collect().iter_rows(named=True)
        if row["rate_numerator"] and row["rate_denominator"]
    }
    since = as_of.replace(year=as_of.year - _QUOTED_YEARS, day=1)
    quotes = read_rates(close.raw / "fx" / RATES_FILE).filter(pl.col("rate_on") >= since, pl.col("rate_on") <= as_of)
    per_euro: dict[str, dict[Any, Fraction]] = {}
    for currency, day, rate in quotes.select("currency", "rate_on", "rate").iter_rows():
        per_euro.setdefault(currency, {})[day] = Fraction(rate)
    units = 10 ** money.exponent_of(policy.reporting_currency)
    return Ground(Terms(as_of, policy, units), rates, per_euro, manifest["params"].get("fields") or {})
