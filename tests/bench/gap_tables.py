"""The tables that the gap room reads, made of a company's raw files: ``python -m tests.bench.gap_tables RAW TABLES``."""

from __future__ import annotations

import sys
from pathlib import Path

from recon_kit import fx, normalise, resolve
from recon_kit.policy import Policy
from tests.bench.kit import AS_OF

BUILT = "built"
"""Folder of what the kit has built beside its inputs: the bare way writes the same tables."""


def write_tables(raw: Path, tables: Path) -> None:
    """Normalise and link a company as the notebooks do, and write what the gap room will read."""
    policy = Policy()
    rates = fx.common_rates(fx.read_rates(fx.packaged_rates()), AS_OF, policy.reporting_currency)
    billing = normalise.read_stripe(raw, policy=policy, as_of=AS_OF)
    crm = normalise.read_salesforce(raw, policy=policy, as_of=AS_OF, fields={})
    known = dict(normalise.value_both(crm, billing, rates=rates, as_of=AS_OF, policy=policy).tables)
    accounts, customers = known["accounts"], known["customers"]
    claims = resolve.explicit_claims(accounts, known["contracts"], customers, known["subscriptions"])
    candidates = resolve.propose_candidates(known["account_keys"], known["customer_keys"], claims)
    known["links"] = resolve.choose_links(candidates, customers, accounts, policy=policy)
    tables.mkdir(parents=True)
    for name, frame in known.items():
        frame.write_parquet(tables / f"{name}.parquet")


if __name__ == "__main__":
    write_tables(Path(sys.argv[1]), Path(sys.argv[2]))
