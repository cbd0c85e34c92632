"""The link model that a close rests on: the shipped one, or what a person adopted in the params; faults are named."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest

from recon_kit import link_files, resolve
from recon_kit.artifacts import CloseFolder, digest_tree
from recon_kit.link_files.reading import SHIPPED
from recon_kit.params import read_params
from recon_kit.policy import SettingsError
from recon_kit.resolve.model import shipped_model
from tests.hand_made import table
from tests.whole_close import write_params

HALVED = b'{"knots": [[0.0, 0.0], [1.0, 0.5]]}'


@pytest.fixture
def adopted(tmp_path):
    def read(**links):
        named = {key: str(path) for key, path in links.items()}
        return link_files.adopted_files(read_params(write_params(tmp_path, tmp_path, links=named)))

    return read


@pytest.fixture
def model(tmp_path):
    """A copy of the shipped model."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in link_files.FILES:
        shutil.copyfile(SHIPPED / name, folder / name)
    return folder


def told(files):
    return link_files.link_files_told(files)


def halved(folder):
    (folder / "calibrator.json").write_bytes(HALVED)
    return folder


def refitted(folder, **record):
    """Another model: one m is another."""
    parameters = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    parameters["name"]["sole"]["m"] = 0.3
    (folder / "model.json").write_text(json.dumps(parameters), encoding="utf-8")
    (folder / "training.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def test_without_a_word_of_the_params_it_is_the_shipped_model(adopted):
    files = adopted()
    assert files.content == {name: (SHIPPED / name).read_bytes() for name in link_files.FILES}
    assert told(files) == {
        "link model": f"ships with the kit, trained {files.training['trained_on']}",
        "calibrator": "the model's own",
    }


def test_a_model_is_its_folder_or_a_file_in_it(adopted, model):
    refitted(model, known_links=412, as_of="2026-09-30")
    by_folder, by_file = adopted(model=model), adopted(model=model / "model.json")
    assert by_folder == by_file
    assert by_folder.parameters["name"]["sole"]["m"] == 0.3
    assert told(by_folder) == {
        "link model": "adopted, fitted to 412 known links of the close as of 2026-09-30",
        "calibrator": "the model's own",
    }
    assert link_files.digest_of(by_folder.content) == digest_tree(model)


def test_a_calibrator_alone_takes_the_place_of_the_models_own(adopted, tmp_path):
    file = halved(tmp_path) / "calibrator.json"
    files = adopted(calibrator=file)
    assert files.content["calibrator.json"] == HALVED
    assert files.calibrator.calibrated(pl.Series([0.6])).to_list() == [0.3]
    assert told(files) == {**told(adopted()), "calibrator": "adopted, without a record of when it was made"}


def finished(folder, *, used=None):
    """A finished close that proposes to halve what its calibrator gives, and the model that it used."""
    close = CloseFolder(folder).create()
    knots = [{"knot": n, "link_probability": float(n), "calibrated": n / 2} for n in range(2)]
    close.write_table("calibrator_proposal", table("calibrator_proposal", knots))
    close.write_table("link_audit", table("link_audit", [{"measure": "linked_recall", "value": 0.9, "of": 340}]))
    if used:
        shutil.copytree(used, close.inputs / "links")
    (folder / "manifest.json").write_text('{"as_of": "2026-09-30"}', encoding="utf-8")
    return folder / "tables" / "calibrator_proposal.parquet"


@pytest.mark.parametrize("is_old", [True, False])
def test_a_proposal_corrects_the_calibrator_that_its_close_used(adopted, model, tmp_path, is_old):
    """What halves a calibrator that halves already quarters; a close without link files used the shipped one."""
    proposal = finished(tmp_path / "close", used=None if is_old else halved(model))
    files = adopted(calibrator=proposal)
    shares = pl.Series([0.1, 0.5, 0.9, 1.0])
    before = shipped_model().calibrator.calibrated(shares) if is_old else shares / 2
    assert files.calibrator.calibrated(shares).to_list() == pytest.approx((before / 2).to_list(), abs=1e-9)
    assert told(files)["calibrator"] == "adopted, fitted to 340 known links of the close as of 2026-09-30"
    assert files.content["model.json"] == (SHIPPED / "model.json").read_bytes()


def test_a_calibrator_of_another_model_is_refused(adopted, model, tmp_path):
    proposal = finished(tmp_path / "close", used=refitted(model))
    for named in (model / "calibrator.json", proposal):
        with pytest.raises(SettingsError, match=r"fitted to another model: the model\.json"):
            adopted(calibrator=named)
        assert adopted(model=model, calibrator=named)


CUT = slice(0, -200)
FAULTS = {
    "model.json": [
        (lambda text: text[CUT], "the file: Invalid JSON"),
        (lambda text: text.replace('"m": 0.3', '"m": 7.3', 1), "name.sole.m: Input should be less than or equal to 1"),
        (lambda text: text.replace('"sole"', '"lonely"', 1), "name.sole: missing"),
        (lambda text: text.replace('"sole"', '"lonely"', 1), "name.lonely: unknown to this version"),
    ],
    "calibrator.json": [
        (lambda text: text[CUT], "the file: Invalid JSON"),
        (lambda text: text.replace("knots", "steps"), "knots: Field required"),
        (lambda text: text.replace("[0.0, 0.0]", "[0.5, 0.0]"), "knots: knot 1"),
        (lambda text: text.replace("[1.0, 1.0]", "[1.0, 1.5]"), "1: Input should be less than or equal to 1"),
        (lambda text: text.replace("[1.0, 1.0]", "[1.0, NaN]"), "calibrator.json: "),
    ],
    "second_stage.txt": [
        (lambda text: text[CUT], "end of trees: missing"),
        (lambda text: text[: len(text) // 2], "not where tree_sizes says"),
        (lambda text: text.replace("tree_sizes=", "sizes="), "tree_sizes: missing"),
        (lambda text: text.replace("=match_weight ", "=weight_match ", 1), "feature_names: not those"),
    ],
    "training.json": [
        (lambda text: text[CUT], "the file: Invalid JSON"),
        (lambda _: "[]", "the file: Input should be"),
    ],
}


@pytest.mark.parametrize(
    ("name", "damage", "fault"), [(name, *case) for name, cases in FAULTS.items() for case in cases]
)
def test_a_faulty_file_is_named_with_its_field(model, tmp_path, name, damage, fault):
    links = shutil.copytree(model, tmp_path / "inputs" / "links")
    text = (links / name).read_text(encoding="utf-8")
    assert damage(text) != text
    (links / name).write_text(damage(text), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        resolve.model_in_use(tmp_path / "inputs")
    lines = [line for line in str(caught.value).splitlines() if fault in line]
    assert lines
    assert all(name in line for line in lines)


def test_all_missing_files_are_named_at_once(adopted, model):
    (model / "second_stage.txt").unlink()
    (model / "training.json").unlink()
    with pytest.raises(SettingsError, match=r"has no second_stage\.txt and no training\.json"):
        adopted(model=model)


@pytest.mark.parametrize("key", ["model", "calibrator"])
def test_a_path_that_leads_nowhere_is_named_with_its_key(adopted, tmp_path, key):
    with pytest.raises(SettingsError, match=rf"links\.{key}: there is no file.*nowhere"):
        adopted(**{key: tmp_path / "nowhere"})


def test_a_proposal_out_of_its_place_or_of_a_draft_or_empty_is_refused(adopted, tmp_path):
    proposal = finished(tmp_path / "close")
    loose = shutil.copy(proposal, tmp_path / "calibrator_proposal.parquet")
    with pytest.raises(SettingsError, match="no proposal of a finished close"):
        adopted(calibrator=loose)
    empty = finished(tmp_path / "empty")
    pl.read_parquet(empty).clear().write_parquet(empty)
    with pytest.raises(SettingsError, match="proposes nothing"):
        adopted(calibrator=empty)
    (tmp_path / "close" / "manifest.json").unlink()
    with pytest.raises(SettingsError, match="no proposal of a finished close"):
        adopted(calibrator=proposal)


def test_a_close_that_holds_no_link_files_is_linked_by_the_shipped_model_and_says_so(tmp_path):
    used = resolve.model_in_use(tmp_path)
    assert used.model is shipped_model()
    assert "this close folder holds none" in used.told["link model"]


def test_a_close_that_holds_them_is_linked_by_those(model, tmp_path):
    shutil.copytree(halved(model), tmp_path / "links")
    used = resolve.model_in_use(tmp_path)
    assert used.model.calibrator.knots == ((0.0, 0.0), (1.0, 0.5))
    assert used.told["calibrator"] == "another than ships with the kit, without a record of its own"
