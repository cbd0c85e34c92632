"""The stages of a close in this process, called as the notebooks call them, each with its seconds."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from recon_kit import extract, fx, gaps, normalise, resolve
from recon_kit.run import Run, open_run

STAGES = ("extract", "normalise", "resolve", "gaps", "write tables")
"""In the order they run; what is written between the others is timed on its own."""


class Stopwatch:
    """Seconds by name; a name that is timed again adds up."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Time what happens inside; garbage of what came before is collected first."""
        gc.collect()
        begun = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - begun


def close(params: Path, close_dir: Path) -> tuple[dict[str, float], int]:
    """Run every stage that touches records, in an empty close folder.

    Returns:
        (seconds by stage, records the raw files hold).
    """
    watch = Stopwatch()
    run = open_run("01_extract", params=str(params), close_dir=str(close_dir))
    records = _extract(run, watch)
    _normalise(run, watch)
    _resolve(run, watch)
    _gaps(run, watch)
    return dict(watch.seconds), records


def _extract(run: Run, watch: Stopwatch) -> int:
    with watch.timing("extract"):
        extract.copy_raw(run.folder, run.params)
        sources, totals = extract.count_sources(run.folder, run.params, run.policy)
    with watch.timing("write tables"):
        run.write(sources=sources, control_totals=totals)
    return sources.filter(pl.col("source").is_in(["stripe", "salesforce"]))["rows"].sum()


def _normalise(run: Run, watch: Stopwatch) -> None:
    raw, policy, as_of = run.folder.raw, run.policy, run.as_of
    with watch.timing("normalise"):
        crm = normalise.read_salesforce(raw, policy=policy, as_of=as_of, fields=run.params.fields)
        billing = normalise.read_stripe(raw, policy=policy, as_of=as_of)
        rates = normalise.read_common_rates(raw, as_of=as_of, policy=policy)
        sides = normalise.value_both(crm, billing, rates=rates, as_of=as_of, policy=policy)
    with watch.timing("write tables"):
        run.write(**sides.tables)


def _resolve(run: Run, watch: Stopwatch) -> None:
    with watch.timing("resolve"):
        accounts, contracts = run.read("accounts").collect(), run.read("contracts").collect()
        customers, subscriptions = run.read("customers").collect(), run.read("subscriptions").collect()
        claims = resolve.explicit_claims(accounts, contracts, customers, subscriptions)
        keys = run.read("account_keys").collect(), run.read("customer_keys").collect()
        candidates = resolve.propose_candidates(*keys, claims)
        links = resolve.choose_links(candidates, customers, accounts, policy=run.policy)
        faults = resolve.link_faults(claims)
    with watch.timing("write tables"):
        run.write(candidates=candidates, links=links, link_faults=faults)


def _gaps(run: Run, watch: Stopwatch) -> None:
    with watch.timing("gaps"):
        rates = fx.read_rates(run.folder.raw / "fx" / fx.RATES_FILE)
        found = gaps.find_gaps(run.read, as_of=run.as_of, policy=run.policy, rates=rates)
    with watch.timing("write tables"):
        run.write(gaps=found.gaps, gap_components=found.gap_components, pairs=found.pairs)
        run.write(placement=found.placement, bridge=found.bridge)
