"""A close that pulls from both systems over HTTP: equal to the same company read from files, whole or plainly not."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml

from recon_kit.artifacts import CloseFolder
from recon_kit.extract import IncompleteExtract, pull_raw
from recon_kit.extract.pulling.retrying import Patience
from recon_kit.params import read_params, read_policy
from tests.loopback import Running, salesforce_server, stripe_server
from tests.loopback.company import write_as_served
from tests.receiver import receiving
from tests.whole_close import run_cells, table
from tests.world import build_world

AS_OF = date(2026, 10, 31)
SECRETS = {
    "STRIPE_API_KEY": "rk_live_canary51CanaryOfStripe",
    "SALESFORCE_CLIENT_SECRET": "canary-of-salesforce-secret",
}
ADDRESS = "canary-of-an-address"
TEAMS = ("REVOPS", "OWNER", "BILLING", "FINANCE", "CUSTOMER_SUCCESS", "OPERATIONS")
NAMED_BY_FILE = {"sources": ["bytes", "sha256", "file"], "control_totals": ["file"]}
"""Columns that tell of the file rather than of what it holds: a pull writes gzip, and quotes every cell."""


@dataclass(frozen=True)
class Company:
    """A company that both servers serve."""

    folder: Path
    stripe: Running
    salesforce: Running

    def environment(self, **changed: str) -> dict[str, str]:
        """What the process that pulls needs to know."""
        return {
            **os.environ,
            **SECRETS,
            "SALESFORCE_DOMAIN": "acme.my",
            "SALESFORCE_CLIENT_ID": "client",
            "RECON_STRIPE_API_BASE": self.stripe,
            "RECON_SALESFORCE_BASE_URL": self.salesforce,
            **changed,
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw files of a small company, as both servers hold it."""
    folder = tmp_path_factory.mktemp("world")
    build_world(31, 40, AS_OF).render(folder, None, "new", gzip=False)
    return folder


@contextmanager
def served(folder: Path, **of_stripe: object) -> Iterator[Company]:
    """Serve a company."""
    with stripe_server(folder, **of_stripe) as stripe, salesforce_server(folder) as salesforce:
        yield Company(folder, stripe, salesforce)


def params_of(folder: Path, source: dict[str, str], **policy: object) -> Path:
    """Write params whose two systems are one kind of source."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "as_of": AS_OF.isoformat(),
        "closes_dir": "closes",
        "source": {"stripe": source, "salesforce": source},
        "previous": "none",
        "policy": policy,
    }
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def close(params: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``recon close``."""
    return subprocess.run(
        [sys.executable, "-m", "recon_kit", "close", "--params", str(params)],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
        env=environment,
    )


@pytest.fixture(scope="module")
def pulled(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A close of what the servers told."""
    folder = tmp_path_factory.mktemp("pulled")
    with served(world) as company, receiving() as receiver:
        teams = {f"RECON_ALERT_{team}": receiver.address(f"{team}/{ADDRESS}") for team in TEAMS}
        done = close(params_of(folder, {"kind": "api"}), company.environment(**teams))
    assert done.returncode == 0, done.stderr
    heard = [(where.split("/")[1], content["message"]) for where, content in receiver.took]
    (folder / "heard.json").write_text(json.dumps(heard), encoding="utf-8")
    (folder / "said.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    return folder / "closes" / AS_OF.isoformat()


@pytest.fixture(scope="module")
def read(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A close of the same objects, read from files."""
    folder = tmp_path_factory.mktemp("read")
    write_as_served(world, folder / "raw")
    return run_cells(params_of(folder, {"kind": "files", "path": "raw"}), folder / "close")


def test_every_table_is_that_of_the_same_company_read_from_files(pulled: Path, read: Path) -> None:
    names = {path.stem for path in (read / "tables").iterdir()}
    assert names == {path.stem for path in (pulled / "tables").iterdir()}
    differing = [
        name
        for name in sorted(names - NAMED_BY_FILE.keys())
        if (read / "tables" / f"{name}.parquet").read_bytes() != (pulled / "tables" / f"{name}.parquet").read_bytes()
    ]
    assert differing == []
    for name, columns in NAMED_BY_FILE.items():
        assert table(read, name).drop(columns).equals(table(pulled, name).drop(columns))
    assert table(pulled, "gaps").height > 10


def test_what_was_pulled_gives_the_same_bytes_when_read_from_files(pulled: Path, tmp_path: Path) -> None:
    shutil.copytree(pulled / "raw", tmp_path / "raw")
    again = run_cells(params_of(tmp_path, {"kind": "files", "path": "raw"}), tmp_path / "close")
    one, other = ({file.name: file.read_bytes() for file in (at / "tables").iterdir()} for at in (pulled, again))
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []


@pytest.mark.soak
def test_it_verifies_from_its_own_snapshot_without_the_network(pulled: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "recon_kit", "verify", str(pulled)],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_manifest_tells_query_version_and_lineage(pulled: Path) -> None:
    manifest = json.loads((pulled / "manifest.json").read_text(encoding="utf-8"))
    told = {(row["source"], row["object"]): row for row in manifest["sources"]}
    assert told["salesforce", "Account"]["query"].startswith("SELECT Id, ")
    assert "status=all" in told["stripe", "subscriptions"]["query"]
    assert all(row["api_version"] for (source, _), row in told.items() if source in {"stripe", "salesforce"})
    assert {one["kind"] for one in manifest["pulls"].values()} == {"full"}
    assert all(one["complete"] for one in manifest["pulls"].values())


def test_no_secret_is_written_anywhere(pulled: Path) -> None:
    home = pulled.parent.parent
    files = [file for file in home.rglob("*") if file.is_file()]
    assert any(file.suffix == ".sqlite" for file in files), "the snapshots lie beside the closes"
    leaking = [
        (file.name, name)
        for file in files
        for name, secret in SECRETS.items()
        if secret.encode() in file.read_bytes() or secret[8:].encode() in file.read_bytes()
    ]
    assert leaking == []
    assert [file.name for file in files if ADDRESS.encode() in file.read_bytes()] == []


def test_the_nightly_close_sends_its_alerts(pulled: Path) -> None:
    heard = Counter(tuple(one) for one in json.loads((pulled.parents[1] / "heard.json").read_text(encoding="utf-8")))
    alerts = table(pulled, "alerts").filter(~pl.col("waits_for_link")).explode("teams")
    team = pl.col("teams").str.to_uppercase().str.replace(" ", "_")
    assert heard == Counter(alerts.select(team, "sentence").rows())
    assert {team for team, _ in heard} > {"REVOPS", "OWNER", "BILLING"}
    assert f"{len(alerts)} messages sent" in (pulled.parents[1] / "said.txt").read_text(encoding="utf-8")
    assert (pulled / "alerts.jsonl").is_file()
    assert "alerts.jsonl" in json.loads((pulled / "pack.json").read_text(encoding="utf-8"))["files"]


def test_what_cannot_be_pulled_stops_the_close_unless_the_policy_allows_it(world: Path, tmp_path: Path) -> None:
    quick = Patience(attempts=2, first_wait=0.01, longest_wait=0.01)
    folder = CloseFolder(tmp_path / "closes" / "one").create()
    path = params_of(tmp_path, {"kind": "api"})
    with served(world) as company:
        company.stripe.plan_faults([{"kind": "500", "subject": "invoices", "at": 2, "times": None}])
        params = read_params(path)
        how = {"environment": company.environment(), "show_progress": False, "patience": quick}
        first = pull_raw(folder, params, read_policy(params), **how)
        assert [record.complete for record in first] == [False, True]
        with pytest.raises(IncompleteExtract, match=r"stripe/invoices .*Run again: only what is missing is pulled"):
            run_cells(path, folder.path)

        run_cells(params_of(tmp_path, {"kind": "api"}, allow_incomplete=True), folder.path)
        dead = table(folder.path, "dead_letter")
        assert set(dead["object"]) == {"invoices", "invoice_lines"}, "lines are asked for by invoice"
        listed = table(folder.path, "not_testable").filter(pl.col("subject") == "pull")
        assert listed.height == dead.height
        alerts = table(folder.path, "alerts").filter(pl.col("kind") == "failed_extract")
        assert alerts.height == dead.select("source", "object", "shard").n_unique()
        assert alerts["teams"].to_list() == [["operations"]] * alerts.height

        company.stripe.plan_faults([])
        company.stripe.reset()
        again = CloseFolder(tmp_path / "closes" / "two").create()
        assert [record.complete for record in pull_raw(again, params, read_policy(params), **how)] == [True, True]
        asked = company.stripe.counters()["requests"]
        assert asked["invoices"] < 20, "what had come is not fetched again"
        assert asked["charges"] == 1, "what was made since is asked for, and no more"
        run_cells(path, again.path)
    assert table(again.path, "dead_letter").is_empty()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"STRIPE_API_KEY": ""}, "STRIPE_API_KEY"),
        ({"STRIPE_API_KEY": "rk_test_canaryCanary12"}, "stripe_mode"),
        ({"RECON_STRIPE_API_BASE": "http://example.com"}, "RECON_STRIPE_API_BASE"),
    ],
)
def test_what_is_wrong_with_the_set_up_is_said_in_words(
    world: Path, tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    with served(world) as company:
        stopped = close(params_of(tmp_path, {"kind": "api"}), company.environment(**changed))
    assert stopped.returncode == 1
    assert said in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert not any(secret in stopped.stderr for secret in SECRETS.values())
