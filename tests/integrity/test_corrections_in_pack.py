"""Every close hands out its corrections, listed in the pack; only what was accepted is in them."""

from __future__ import annotations

from pathlib import Path

from recon_kit.artifacts import PACK, digest_file
from recon_kit.commands.verify import verify
from recon_kit.runner.manifest import read_json
from tests.corrected import load_files, rows

ALWAYS = {
    "README.md", "proposed_changes.csv", "stripe_worklist.csv", "salesforce_worklist.csv", "finance_worklist.csv",
}  # fmt: skip


def test_a_close_without_decisions_proposes_nothing_and_says_so(sample_close: Path) -> None:
    folder = sample_close / "corrections"
    assert {file.name for file in folder.iterdir()} == ALWAYS
    assert load_files(sample_close) == []
    assert all(rows(file) == [] for file in folder.glob("*.csv"))
    assert "0 accepted gaps, 0 confirmed links" in (folder / "README.md").read_text(encoding="utf-8")


def test_the_pack_lists_them_and_the_first_page_names_them(sample_close: Path) -> None:
    listed = read_json(sample_close / PACK)["files"]
    found = {
        name.removeprefix("corrections/"): entry["sha256"] for name, entry in listed.items() if "corrections/" in name
    }
    assert found == {name: digest_file(sample_close / "corrections" / name) for name in ALWAYS}
    assert "corrections" in (sample_close / "html" / "index.html").read_text(encoding="utf-8")
    assert verify(sample_close, reperform=False) == []
