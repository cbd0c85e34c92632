"""How fast and how lean the pull from Stripe is: ``python -m tests.bench.pull_stripe [--objects N]``.

Measured against the loopback server, in one run: objects a second and the ratio to the SDK's own sequential
``auto_paging_iter`` at 100 ms latency; the share of a server's rate limit that is sustained, and the share of refusals;
peak memory as the list grows.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import stripe

from recon_kit.extract.stripe_api import pull_stripe
from recon_kit.policy import Policy
from tests.loopback import stripe_server

KEY = "rk_live_abcdefgh12345"
BEGAN = 1_640_995_200
"""2022-01-01 UTC."""
SPAN = 4 * 365 * 86_400
EMPTY = ("subscriptions", "invoices")


def write_company(folder: Path, customers: int) -> Path:
    """Write so many customers, made evenly over four years, and nothing else."""
    home = folder / "stripe"
    home.mkdir(parents=True)
    for name in EMPTY:
        (home / f"{name}.jsonl").touch()
    with (home / "customers.jsonl").open("w") as file:
        for number in range(customers):
            file.write(json.dumps(customer(number, BEGAN + SPAN * number // customers)) + "\n")
    return folder


def customer(number: int, created: int) -> dict[str, object]:
    return {
        "id": f"cus_{number:014d}",
        "object": "customer",
        "address": {"city": "Lyon", "country": "FR", "line1": f"{number} rue Centrale", "postal_code": "69001"},
        "balance": 0,
        "created": created,
        "currency": "eur",
        "delinquent": False,
        "discount": None,
        "email": f"billing-{number}@customer-{number}.example",
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None},
        "livemode": True,
        "metadata": {"salesforce_account_id": f"001{number:015d}"},
        "name": f"Customer {number}",
        "phone": None,
        "tax_exempt": "none",
    }


def sequential(url: str, objects: int) -> float:
    """Read customers as the SDK's own iterator does; objects a second."""
    client = stripe.StripeClient(KEY, base_addresses={"api": url}, max_network_retries=0)
    began, seen = time.monotonic(), 0
    for _ in client.v1.customers.list({"limit": 100}).auto_paging_iter():
        seen += 1
        if seen == objects:
            break
    return seen / (time.monotonic() - began)


def pulled(url: str, per_second: float) -> tuple[float, int, int, int]:
    """Pull; objects a second, requests, refusals, objects."""
    environment = {"STRIPE_API_KEY": KEY, "RECON_STRIPE_API_BASE": url}
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        policy = Policy(stripe_requests_per_second=per_second)
        record = pull_stripe(Path(folder), policy, environment=environment, show_progress=False)
        seconds = time.monotonic() - began
    assert record.complete
    rows = sum(record.rows.values())
    return rows / seconds, record.requests, record.rate_limited, rows


def speed(objects: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        company = write_company(Path(folder), objects)
        with stripe_server(company, latency=0.1) as url:
            slow = sequential(str(url), min(objects, 4_000))
            fast, requests, _, _ = pulled(str(url), 10_000)
            slow_again = sequential(str(url), min(objects, 4_000))
    plain = (slow + slow_again) / 2
    return {"sequential": plain, "pull": fast, "ratio": fast / plain, "requests": requests}


def under_limit(objects: int, limit: float, wanted: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        company = write_company(Path(folder), objects)
        with stripe_server(company, latency=0.1, rate=limit) as url:
            began = time.monotonic()
            _, requests, refused, _ = pulled(str(url), wanted)
            seconds = time.monotonic() - began
            counters = url.counters()
    sustained = (requests - refused) / seconds
    return {
        "sustained": sustained,
        "share": sustained / limit,
        "refused": refused / requests,
        "refused_by_server": counters["rate_limited"],
    }


def peak_memory(objects: int) -> float:
    """Pull in a process of its own; its largest memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        company = write_company(Path(folder), objects)
        with stripe_server(company) as url:
            command = [sys.executable, "-m", "tests.bench.pull_stripe", "--alone", str(url)]
            found = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(found.stdout)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--memory", type=int, nargs="*", default=[200_000, 400_000])
    parser.add_argument("--alone")
    given = parser.parse_args()
    if given.alone:
        pulled(given.alone, 10_000)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    print("100 ms latency, no limit:", speed(given.objects))
    print("limit of 100 requests/s, 98 wanted:", under_limit(150_000, 100, 98))
    for objects in given.memory:
        print(f"peak memory with {objects} objects: {peak_memory(objects):.0f} MB")


if __name__ == "__main__":
    main()
