"""A close with an adopted calibrator and a decision: what follows, and the same bytes when performed again from its copy."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from recon_kit.artifacts import digest_tree
from recon_kit.commands.decide import Deciding, decide_gap
from recon_kit.commands.verify import verify
from recon_kit.params import SAMPLE_FOLDER
from recon_kit.policy import SettingsError
from recon_kit.runner.close import Request, run_close
from recon_kit.runner.manifest import read_json
from tests.small_close import close_again
from tests.whole_close import table, write_params

if TYPE_CHECKING:
    from pathlib import Path

HALVED = '{"knots": [[0.0, 0.0], [1.0, 0.5]]}'


def by_model(close: Path) -> pl.DataFrame:
    return table(close, "candidates").filter(pl.col("link_probability") > 0).select(
        "customer_id", "account_id", "link_probability", "match_weight"
    )  # fmt: skip


def gap_of_an_id(close: Path) -> str:
    """A gap that no calibrator changes: an id links its customer."""
    linked = table(close, "links").filter(method="id")["customer_id"].to_list()
    by_id = pl.col("customer_ids").list.eval(pl.element().is_in(linked)).list.all()
    phantoms = table(close, "gaps").filter(by_id, state="open", family="phantom_revenue")
    return phantoms["gap_id"].sort()[0]


@pytest.fixture(scope="module")
def params(sample_close: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adopted")
    (folder / "calibrator.json").write_text(HALVED, encoding="utf-8")
    deciding = Deciding("accept", "Ann Lee", "known to the owner", sample_close, journal=folder / "decisions.jsonl")
    decide_gap(gap_of_an_id(sample_close), deciding)
    links = {"calibrator": "calibrator.json"}
    return write_params(folder, SAMPLE_FOLDER, links=links, decisions="decisions.jsonl")


@pytest.fixture(scope="module")
def close(params: Path) -> Path:
    return close_again(params, params.with_name("closes") / "2026-10-31")


def test_probabilities_are_those_of_the_adopted_calibrator(close: Path, sample_close: Path) -> None:
    both = by_model(close).join(by_model(sample_close), on=["customer_id", "account_id"], suffix="_shipped")
    judged = both.drop_nulls("match_weight").filter(pl.col("link_probability_shipped") < 1)
    assert (judged["match_weight"] == judged["match_weight_shipped"]).all()
    assert judged.height > 20
    assert (judged["link_probability_shipped"] > 0.5).any()
    assert (judged["link_probability"] <= 0.5).all()


def test_it_verifies_after_the_files_that_it_took_have_gone(close: Path, params: Path) -> None:
    assert table(close, "gaps").filter(state="accepted").height == 1
    taken = [params.with_name(name) for name in ("calibrator.json", "decisions.jsonl")]
    for file in taken:
        file.rename(file.with_suffix(".away"))
    try:
        found = verify(close)
    finally:
        for file in taken:
            file.with_suffix(".away").rename(file)
    assert [one for one in found if one.file != "pack.json"] == []


def test_the_manifest_holds_digests_and_no_path(close: Path, params: Path) -> None:
    manifest = read_json(close / "manifest.json")
    assert manifest["params"]["links"] == digest_tree(close / "inputs" / "links")
    assert {name for name in manifest["files"] if name.startswith("inputs/links/")} == {
        f"inputs/links/{name}" for name in ("calibrator.json", "model.json", "second_stage.txt", "training.json")
    }
    assert str(params.parent) not in (close / "manifest.json").read_text(encoding="utf-8")
    assert (close / "inputs" / "links" / "calibrator.json").read_text(encoding="utf-8") == HALVED


@pytest.mark.soak
def test_a_changed_calibrator_is_named_with_what_it_changes(close: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(close, tmp_path / "close")
    (copy / "inputs" / "links" / "calibrator.json").write_text(HALVED.replace("0.5", "0.6"), encoding="utf-8")
    found = {one.file: one.message for one in verify(copy)}
    assert "was changed" in found["inputs/links/calibrator.json"]
    assert "link_probability" in found["tables/candidates.parquet"]


@pytest.mark.soak
def test_a_later_stage_alone_does_not_rest_on_another_calibrator(params: Path, close: Path) -> None:
    file = params.with_name("calibrator.json")
    file.write_text(HALVED.replace("0.5", "0.6"), encoding="utf-8")
    with pytest.raises(SettingsError, match="made with another params"):
        run_close(Request(params=params, only=("gaps",), pages=False, progress=False))
    file.write_text(HALVED, encoding="utf-8")
    assert close.is_dir()
