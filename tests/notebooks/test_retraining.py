"""The retraining notebook: a page like the others, which writes its candidate beside the close and changes nothing in it."""

import json

import nbformat
import pytest

from recon_kit import resolve
from recon_kit.artifacts import CloseFolder
from recon_kit.normalise.keys import account_keys, customer_keys
from recon_kit.params import SAMPLE_PARAMS
from recon_kit.policy import Policy
from recon_kit.runner.stages import NOTEBOOKS
from tests.hand_made import table
from tests.test_notebook_hygiene import faults_of_parameters, faults_of_source, faults_of_the_page

NOTEBOOK = NOTEBOOKS / "tools" / "retrain_links.ipynb"
WORDS = ["Amber", "Birch", "Comet", "Delta", "Ember", "Fjord", "Grove", "Haven", "Iris", "Jade"]


@pytest.fixture
def close(tmp_path):
    """A close as far as its keys: 340 customers, most of which carry their account's id."""
    folder = CloseFolder(tmp_path / "2026-10-31").create()
    folder.write(folder.inputs / "policy.yaml", Policy().to_yaml().encode())
    names = [f"{WORDS[n % 10]} {WORDS[(n // 10) % 10]} {WORDS[(n * 3) % 10]}{n} Ltd" for n in range(340)]
    accounts = table(
        "accounts",
        [
            {
                "account_id": f"a{n:03}",
                "name": name,
                "website": f"firm{n}.com" if n % 2 else None,
                "survivor_id": f"a{n:03}",
            }
            for n, name in enumerate(names)
        ],
    )
    customers = table(
        "customers",
        [
            {
                "customer_id": f"c{n:03}",
                "name": name,
                "email": f"ap@firm{n}.com",
                "metadata_account_id": f"a{n:03}" if n < 320 else None,
            }
            for n, name in enumerate(names)
        ],
    )
    tables = {
        "accounts": accounts,
        "customers": customers,
        "account_keys": account_keys(accounts),
        "customer_keys": customer_keys(customers),
    }
    for name, frame in (tables | {name: table(name, []) for name in ("contracts", "subscriptions")}).items():
        folder.write_table(name, frame)
    return folder.path


def test_it_is_a_page_like_the_others():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = [*faults_of_the_page(notebook), *faults_of_parameters(NOTEBOOK.stem, code)]
    assert not [*found, *(fault for cell in code for fault in faults_of_source(cell))]
    assert "**Limits" in notebook.cells[0].source


def test_it_writes_a_candidate_beside_the_close_and_adopts_nothing(close):
    before = {file: file.read_bytes() for file in close.rglob("*") if file.is_file()}
    shipped = resolve.model.shipped_model()
    space = {}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, NOTEBOOK.stem, "exec"), space)  # noqa: S102
        if "parameters" in cell.metadata.get("tags", []):
            space.update(params=str(SAMPLE_PARAMS), close_dir=str(close))
    assert space["files"] == ["calibrator.json", "model.json", "second_stage.txt", "training.json"]
    record = json.loads((close.with_name("2026-10-31.candidate_model") / "training.json").read_text(encoding="utf-8"))
    assert record["known_links"] == space["known"].height == 320
    assert {file: file.read_bytes() for file in close.rglob("*") if file.is_file()} == before
    resolve.model.shipped_model.cache_clear()
    assert resolve.model.shipped_model() == shipped
