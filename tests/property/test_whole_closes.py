"""Whole closes of generated companies: what must hold whatever the company.

Each example builds a company with known truth, renders it as raw files, and runs every notebook's cells on them.
"""

from __future__ import annotations

import datetime as dt
import gzip
import random
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.whole_close import run_cells, table, write_params
from tests.world import World, build_world

SMALL = 12
EXAMPLES = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # a seed does not shrink to a simpler company
)
NOT_OF_THE_PULL = {"sources", "control_totals", "buckets", "excluded", "controls", "notes"}
"""Tables that count what a pull holds; a later pull holds more and excludes it."""

seeds = st.integers(min_value=1, max_value=10_000)


def closed(folder: Path, name: str, world: World, **rendering: object) -> Path:
    """Render a company and close it; returns the close folder."""
    raw = folder / f"{name}-raw"
    world.render(raw, **rendering)
    return run_cells(write_params(folder / name, raw), folder / f"{name}-close")


def tables_of(close: Path, *, without: set[str] = frozenset()) -> dict[str, pl.DataFrame]:
    """Read every table of a close."""
    names = sorted(file.stem for file in (close / "tables").glob("*.parquet"))
    return {name: table(close, name) for name in names if name not in without}


def assert_same(first: dict[str, pl.DataFrame], second: dict[str, pl.DataFrame]) -> None:
    assert first.keys() == second.keys()
    differing = [name for name in first if not first[name].equals(second[name])]
    assert differing == []


def shuffle_rows(raw: Path, seed: int) -> None:
    """Reorder the lines of every raw file, headers kept."""
    dice = random.Random(seed)
    for file in sorted((raw / "stripe").iterdir()):
        opener = gzip.open if file.suffix == ".gz" else open
        with opener(file, "rt", encoding="utf-8") as text:
            lines = text.readlines()
        dice.shuffle(lines)
        with opener(file, "wt", encoding="utf-8") as text:
            text.writelines(lines)
    for file in sorted((raw / "salesforce").iterdir()):
        frame = pl.read_csv(file, infer_schema=False)
        frame.sample(fraction=1, shuffle=True, seed=seed).write_csv(file)


@EXAMPLES
@given(seed=seeds)
def test_nothing_is_lost_and_the_bridge_foots(seed: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        close = closed(Path(scratch), "close", build_world(seed, accounts=SMALL))
        controls = table(close, "controls")
        assert controls["passes"].all()
        assert controls.height > 50
        read = table(close, "control_totals").filter(pl.col("source").is_in(["stripe", "salesforce"]))
        assert table(close, "buckets")["rows"].sum() == read["rows"].sum()
        bridge = table(close, "bridge")["amount_minor"].to_list()
        assert sum(bridge[:-1]) == bridge[-1]
        sides = table(close, "placement").group_by("side").agg(pl.col("mrr_minor").sum())
        placed = dict(sides.iter_rows())
        assert placed.get("crm", 0) == bridge[0]
        assert placed.get("billing", 0) == bridge[-1]


@EXAMPLES
@given(seed=seeds)
def test_mrr_is_that_of_the_known_truth(seed: int) -> None:
    world = build_world(seed, accounts=SMALL)
    with tempfile.TemporaryDirectory() as scratch:
        worksheet = table(closed(Path(scratch), "close", world), "mrr_worksheet")
    known = [(m.side, m.record_id, m.mrr_minor, m.mrr_reporting_minor) for m in world.truth.mrr]
    truth = pl.DataFrame(known, schema=["side", "record_id", "mrr", "reporting"], orient="row")
    both = truth.filter(pl.col("mrr") != 0).join(worksheet, on=["side", "record_id"], how="left", validate="1:1")
    assert both["mrr"].to_list() == both["mrr_minor"].to_list()
    assert both["reporting"].to_list() == both["mrr_reporting_minor"].to_list()
    others = worksheet.join(truth.filter(pl.col("mrr") != 0), on=["side", "record_id"], how="anti")
    assert others["mrr_minor"].fill_null(0).sum() == 0


@EXAMPLES
@given(seed=seeds)
def test_row_order_changes_nothing(seed: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder, world = Path(scratch), build_world(seed, accounts=SMALL)
        close = closed(folder, "straight", world)
        shuffle_rows(folder / "straight-raw", seed)
        again = run_cells(folder / "straight" / "params.yaml", folder / "shuffled-close")
        assert_same(tables_of(close, without={"sources"}), tables_of(again, without={"sources"}))


@EXAMPLES
@given(seed=seeds)
def test_both_shapes_of_stripe_give_the_same_tables(seed: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder, world = Path(scratch), build_world(seed, accounts=SMALL)
        old, new = (closed(folder, shape, world, shape=shape) for shape in ("old", "new"))
        differing = {"sources", "control_totals", "buckets", "controls", "not_testable", "events"}
        assert_same(tables_of(old, without=differing), tables_of(new, without=differing))


@EXAMPLES
@given(seed=seeds, days=st.integers(min_value=1, max_value=40))
def test_a_later_pull_gives_the_tables_of_a_pull_on_the_day(seed: int, days: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder, world = Path(scratch), build_world(seed, accounts=SMALL)
        on_the_day = closed(folder, "day", world)
        later = closed(folder, "later", world, pulled_on=world.as_of + dt.timedelta(days=days))
        assert_same(tables_of(on_the_day, without=NOT_OF_THE_PULL), tables_of(later, without=NOT_OF_THE_PULL))


@EXAMPLES
@given(seed=seeds)
def test_closing_again_in_place_changes_nothing(seed: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        close = closed(folder, "close", build_world(seed, accounts=SMALL))
        before = {file: file.read_bytes() for file in (close / "tables").iterdir()}
        run_cells(folder / "close" / "params.yaml", close)
        assert {file: file.read_bytes() for file in (close / "tables").iterdir()} == before


if __name__ == "__main__":
    pytest.main([__file__])
