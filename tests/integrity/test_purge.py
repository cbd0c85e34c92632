"""Old closes are deleted but for what proves them; the newest never, and nothing without being asked twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recon_kit.commands.purge import purge
from recon_kit.commands.verify import verify
from recon_kit.policy import SettingsError
from tests.small_close import everything
from tests.whole_close import recon

STAY = {"manifest.json", "pack.json", "signature.json"}


def made(closes: Path, name: str, as_of: str = "", *, is_signed: bool = False) -> Path:
    """A folder that looks like a close of a day."""
    folder = closes / name
    for part in ("raw/stripe/customers.jsonl", "tables/gaps.parquet", "html/index.html", "run.json", "gaps.xlsx"):
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        (folder / part).write_text("Acme")
    (folder / "manifest.json").write_text(json.dumps({"as_of": as_of or name[:10]}))
    (folder / "pack.json").write_text("{}")
    if is_signed:
        (folder / "signature.json").write_text("{}")
    return folder


@pytest.fixture
def closes(tmp_path: Path) -> Path:
    folder = tmp_path / "closes"
    for name in ("2026-08-31", "2026-09-30", "2026-10-31", "2026-10-31.r2"):
        made(folder, name, is_signed=name == "2026-08-31")
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_without_yes_nothing_goes_and_all_is_told(closes: Path) -> None:
    before = everything(closes)
    told = "\n".join(purge("2026-10-01", closes=closes))
    assert everything(closes) == before
    assert "2026-08-31" in told
    assert "2026-09-30: 5 files" in told
    assert "Nothing was deleted" in told
    assert "2026-10-31" not in told


def test_the_command_deletes_older_closes_and_keeps_their_manifests(closes: Path, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("{as_of: 2026-10-31, closes_dir: closes}")
    result = recon("purge", "--before", "2026-10-01", "--params", str(tmp_path / "p.yaml"), "--yes")
    assert result.returncode == 0, result.stderr
    assert names(closes / "2026-08-31") == STAY
    assert names(closes / "2026-09-30") == STAY - {"signature.json"}
    assert "html" in names(closes / "2026-10-31")
    assert "2 close(s) deleted" in result.stdout


def test_the_day_itself_is_not_before_it(closes: Path) -> None:
    purge("2026-09-30", closes=closes, is_confirmed=True)
    assert names(closes / "2026-08-31") == STAY
    assert "raw" in names(closes / "2026-09-30")


def test_the_newest_stays_with_all_its_runs_whatever_the_day(closes: Path) -> None:
    told = "\n".join(purge("2027-01-01", closes=closes, is_confirmed=True))
    assert "2026-10-31.r2 is kept: it is the newest." in told
    assert all("raw" in names(closes / name) for name in ("2026-10-31", "2026-10-31.r2"))
    assert names(closes / "2026-09-30") == STAY - {"signature.json"}


def test_a_second_purge_finds_nothing_and_the_newest_still_counts(closes: Path) -> None:
    purge("2026-10-01", closes=closes, is_confirmed=True)
    assert purge("2026-10-01", closes=closes, is_confirmed=True) == [
        "No close in closes with an as-of before 2026-10-01 is left to delete."
    ]


def test_working_folders_go_with_their_close_and_strangers_stay(closes: Path) -> None:
    for name in ("2026-09-30.draft", "2026-09-30.partial", "2026-09-30.pseudonymised", "2026-10-31.draft", "notes"):
        (closes / name).mkdir()
        (closes / name / "tables").write_text("Acme")
    (closes / "decisions.jsonl").write_text("{}")
    outside = made(closes.parent, "2025-01-31")
    (closes / "2025-01-31").symlink_to(outside)
    purge("2026-10-01", closes=closes, is_confirmed=True)
    left = names(closes)
    assert not left & {"2026-09-30.draft", "2026-09-30.partial", "2026-09-30.pseudonymised"}
    assert {"2026-10-31.draft", "notes", "decisions.jsonl", "2025-01-31"} <= left
    assert "raw" in names(outside)


def test_what_a_run_left_that_never_became_a_close_goes_by_its_day(closes: Path) -> None:
    gone = {"2026-07-31.partial", "2026-09-30.r2.partial", "2026-08-30.draft"}
    stays = {"2026-10-01.partial", "2026-10-31.r3.partial", "2026-07-31.mine", "report.partial"}
    for name in gone | stays:
        (closes / name / "raw").mkdir(parents=True)
    (closes / "2026-07-30.partial").write_text("no folder")
    told = purge("2026-10-01", closes=closes)
    assert {line.split("/,")[0] for line in told if "would be deleted" in line and "/," in line} >= gone
    assert gone | stays <= names(closes)
    purge("2026-10-01", closes=closes, is_confirmed=True)
    assert not gone & names(closes)
    assert stays | {"2026-07-30.partial"} <= names(closes)
    purge("2027-01-01", closes=closes, is_confirmed=True)
    assert "2026-10-31.r3.partial" in names(closes), "the newest stays with all that came of it"


def test_a_folder_of_another_name_goes_by_the_day_of_its_manifest(closes: Path) -> None:
    made(closes, "september-final", as_of="2026-09-30")
    purge("2026-10-01", closes=closes, is_confirmed=True)
    assert names(closes / "september-final") == STAY - {"signature.json"}


def test_a_purged_close_says_that_there_is_nothing_left_to_verify(closes: Path) -> None:
    purge("2026-10-01", closes=closes, is_confirmed=True)
    with pytest.raises(SettingsError, match="was purged"):
        verify(closes / "2026-09-30")


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "31/10/2026"])
def test_what_is_no_day_is_refused(closes: Path, day: str) -> None:
    with pytest.raises(SettingsError, match="is no day"):
        purge(day, closes=closes, is_confirmed=True)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no folder of closes"):
        purge("2026-10-01", closes=tmp_path / "none")


def test_weekly_reviews_of_earlier_days_go_too(closes: Path) -> None:
    pages = [closes / f"weekly_review.{day}.html" for day in ("2026-09-30", "2026-10-01", "2026-10-31")]
    for page in pages:
        page.write_text("Acme")
    assert "weekly_review.2026-09-30.html: would be deleted" in purge("2026-10-01", closes=closes)
    assert all(page.is_file() for page in pages)
    purge("2026-10-01", closes=closes, is_confirmed=True)
    assert [page.is_file() for page in pages] == [False, True, True]
