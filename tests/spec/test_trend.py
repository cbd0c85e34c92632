"""What closes say side by side: drift, match rate, age, time to resolve, roll-forward, and what is still open."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import polars as pl
import pytest

from recon_kit.artifacts import MANIFEST, CloseFolder
from recon_kit.close import trend
from recon_kit.policy import SettingsError
from tests.past_closes import finish, past_close

LAST = dt.date(2026, 12, 31)


def reviewed(closes: Path, drawn: dict[str, str], **settings) -> trend.Review:
    for name, gaps in drawn.items():
        past_close(closes, name, gaps, **settings)
    return trend.review_of(trend.find_closes(closes, LAST))


@pytest.fixture
def six(tmp_path: Path) -> trend.Review:
    """Six weeks: gaps appear, change, wait, are decided, go and come back."""
    return reviewed(
        tmp_path,
        {
            "2026-09-26": "a open 400 100 \n b open -300 50 tax \n c timing 200 0",
            "2026-10-03": "a open 400 190 \n b open -350 90 tax \n c timing 200 0 \n d review 700 10",
            "2026-10-10": "a open 400 280 \n b open -350 170 discount \n c open 200 30 \n d review 700 20",
            "2026-10-17": "a accepted 400 370 \n c open 200 60 \n d open 700 30 \n e in_window 50 0",
            "2026-10-24": "a accepted 400 460 \n c dismissed 200 90 \n d open 700 40 \n e open 50 5 \n b open -350 200 tax",
            "2026-10-31": "a open 400 550 \n d open 700 50 EUR \n e open 50 12 \n b open -350 280 tax \n f open 10 0",
        },
    )


# from        to          line          gaps  at stake  monthly
ROLLED = """
2026-09-26 | 2026-10-03 | opening      |  2 |  150 |  700
2026-09-26 | 2026-10-03 | changed      |  0 |   40 |   50
2026-09-26 | 2026-10-03 | older        |  0 |   90 |    0
2026-09-26 | 2026-10-03 | closing      |  2 |  280 |  750
2026-10-03 | 2026-10-10 | opening      |  2 |  280 |  750
2026-10-03 | 2026-10-10 | grown_up     |  1 |   30 |  200
2026-10-03 | 2026-10-10 | changed      |  0 |   80 |    0
2026-10-03 | 2026-10-10 | older        |  0 |   90 |    0
2026-10-03 | 2026-10-10 | closing      |  3 |  480 |  950
2026-10-10 | 2026-10-17 | opening      |  3 |  480 |  950
2026-10-10 | 2026-10-17 | link_decided |  1 |   30 |  700
2026-10-10 | 2026-10-17 | gone         | -1 | -170 | -350
2026-10-10 | 2026-10-17 | decided      | -1 | -280 | -400
2026-10-10 | 2026-10-17 | older        |  0 |   30 |    0
2026-10-10 | 2026-10-17 | closing      |  2 |   90 |  900
2026-10-17 | 2026-10-24 | opening      |  2 |   90 |  900
2026-10-17 | 2026-10-24 | new          |  1 |  200 |  350
2026-10-17 | 2026-10-24 | grown_up     |  1 |    5 |   50
2026-10-17 | 2026-10-24 | dismissed    | -1 |  -60 | -200
2026-10-17 | 2026-10-24 | older        |  0 |   10 |    0
2026-10-17 | 2026-10-24 | closing      |  3 |  245 | 1100
2026-10-24 | 2026-10-31 | opening      |  3 |  245 | 1100
2026-10-24 | 2026-10-31 | new          |  1 |    0 |   10
2026-10-24 | 2026-10-31 | reopened     |  1 |  550 |  400
2026-10-24 | 2026-10-31 | currency     | -1 |  -40 | -700
2026-10-24 | 2026-10-31 | older        |  0 |   87 |    0
2026-10-24 | 2026-10-31 | closing      |  4 |  842 |  810
"""


def test_every_gap_moves_on_its_own_line(six: trend.Review) -> None:
    drawn = [[cell.strip() for cell in line.split("|")] for line in ROLLED.strip().splitlines()]
    told = trend.roll_forwards(six).filter(currency="USD").sort("from_on", "line_no")
    lines = [
        [str(row["from_on"]), str(row["to_on"]), row["line"], row["gaps"], row["impact_minor"], row["drift_minor"]]
        for row in told.iter_rows(named=True)
    ]
    assert lines == [[*row[:3], int(row[3]), int(row[4]) * 100, int(row[5]) * 100] for row in drawn]
    moved = trend.roll_forwards(six).filter(pl.col("currency") == "EUR", pl.col("gaps") != 0)
    assert moved.select("line", "gaps", "impact_minor").rows() == [("currency", 1, 50_00), ("closing", 1, 50_00)]


def test_the_roll_forward_ties_with_the_history_of_each_close(six: trend.Review) -> None:
    equations = trend.roll_forward_controls(six)
    assert equations["passes"].all()
    pairs = equations.filter(pl.col("control_id").str.ends_with("impact_minor"))
    assert pairs.height == 5 + 1  # the last pair, in euros besides
    assert equations.filter(pl.col("control_id").str.contains("history")).height == 6 + 1


def test_a_brief_roll_forward_adds_up(six: trend.Review) -> None:
    brief = trend.roll_forwards_in_brief(six)
    parts = ("opening", "came", "resolved", "moved", "grown")
    for suffix in ("", "_minor"):
        assert (
            brief.select(pl.sum_horizontal(f"{part}{suffix}" for part in parts)).to_series()
            == brief[f"closing{suffix}"]
        ).all()
    week = brief.filter(pl.col("to_on") == dt.date(2026, 10, 17)).row(0, named=True)
    assert (week["opening"], week["came"], week["resolved"], week["closing"]) == (3, 1, -2, 2)


def test_a_broken_figure_does_not_tie(tmp_path: Path) -> None:
    past_close(tmp_path, "2026-10-24", "a open 400 100")
    later = past_close(tmp_path, "2026-10-31", "a open 400 160 \n b open 10 1")
    history = pl.read_parquet(later.table_path("history"))
    wrong = history.with_columns(
        pl.when(pl.col("measure") == "gaps").then(pl.col("number") - 1).otherwise("number").alias("number")
    )
    (later.path / MANIFEST).unlink()
    later.write_table("history", wrong)
    finish(later)
    equations = trend.roll_forward_controls(trend.review_of(trend.find_closes(tmp_path, LAST)))
    assert equations.filter(~pl.col("passes"))["control_id"].to_list() == ["close.roll_forward.2026-10-31.history.USD"]


def test_time_to_resolve_counts_from_open_to_resolved(six: trend.Review) -> None:
    found = trend.episodes(six).select("gap_id", "opened_on", "resolved_on", "outcome", "days", "is_from_first")
    assert [(row[0], *map(str, row[1:])) for row in found.rows()] == [
        ("gap_a", "2026-09-26", "2026-10-17", "accepted", "21", "True"),
        ("gap_a", "2026-10-31", "None", "None", "0", "False"),
        ("gap_b", "2026-09-26", "2026-10-17", "gone", "21", "True"),
        ("gap_b", "2026-10-24", "None", "None", "7", "False"),
        ("gap_c", "2026-10-10", "2026-10-24", "dismissed", "14", "False"),
        ("gap_d", "2026-10-17", "None", "None", "14", "False"),
        ("gap_e", "2026-10-24", "None", "None", "7", "False"),
        ("gap_f", "2026-10-31", "None", "None", "0", "False"),
    ]


def test_still_open_gaps_are_in_no_mean_and_are_counted(six: trend.Review) -> None:
    every = trend.time_to_resolve(trend.episodes(six)).row(-1, named=True)
    assert (every["family"], every["resolved"], every["still_open"]) == ("all", 3, 5)
    assert (str(every["mean_days"]), str(every["median_days"]), str(every["open_mean_days"])) == ("18.7", "21.0", "5.6")


def test_a_gap_that_only_waits_is_not_resolved(tmp_path: Path) -> None:
    review = reviewed(
        tmp_path,
        {
            "2026-10-10": "a open 1 1 \n b open 1 1",
            "2026-10-17": "a timing 1 1 \n b review 1 1",
            "2026-10-24": "a open 1 1 \n b review 1 1",
        },
    )
    assert trend.episodes(review).select("gap_id", "resolved_on", "days").rows() == [
        ("gap_a", None, 14), ("gap_b", None, 14),
    ]  # fmt: skip
    lines = trend.roll_forwards(review)
    assert set(lines["line"]) == {"opening", "closing", "waits", "link_asked", "grown_up"}


def test_drift_stands_by_family_and_cause_and_links_in_review_apart(six: trend.Review) -> None:
    of_day = trend.drift(six).filter(pl.col("as_of") == dt.date(2026, 10, 10))
    assert of_day.select("family", "cause", "gaps", "drift_minor").rows() == [
        ("amount_mismatch", "discount", 1, 350_00),
        ("amount_mismatch", "expansion", 2, 600_00),
        ("pending", "expansion", 1, 700_00),
    ]
    beside = trend.drift_now_and_before(six).filter(pl.col("cause") == "tax").row(0, named=True)
    assert (beside["drift_minor"], beside["drift_before_minor"], beside["change_minor"]) == (350_00, 350_00, 0)


def test_last_week_is_the_newest_close_a_week_or_more_before(tmp_path: Path) -> None:
    days = ("2026-10-15", "2026-10-23", "2026-10-24", "2026-10-25", "2026-10-31")
    review = reviewed(tmp_path, dict.fromkeys(days, "a open 1 1"))
    assert review.before is not None
    assert str(review.before.as_of) == "2026-10-24"
    assert [str(day) for day in trend.weekly(review)] == ["2026-10-15", "2026-10-24", "2026-10-31"]


def test_where_no_close_is_a_week_old_the_oldest_stands_for_it(tmp_path: Path) -> None:
    review = reviewed(tmp_path, {"2026-10-29": "a open 1 1", "2026-10-30": "a open 1 1", "2026-10-31": "a open 1 1"})
    assert review.before is not None
    assert str(review.before.as_of) == "2026-10-29"
    assert "No close is a week old yet" in trend.scope_sentence(review).text


def test_still_open_are_those_open_a_week_ago(six: trend.Review) -> None:
    still = trend.still_open(six).select("gap_id", "impact_before_minor", "impact_minor", "open_since", "alerted")
    assert [(row[0], row[1], row[2], str(row[3]), row[4]) for row in still.rows()] == [
        ("gap_b", 200_00, 280_00, "2026-10-24", None),
        ("gap_d", None, 50_00, "2026-10-17", None),  # in another currency now
        ("gap_e", 5_00, 12_00, "2026-10-24", None),
    ]
    assert trend.opened_since(six)["gap_id"].to_list() == ["gap_a", "gap_f"]


def test_what_was_alerted_last_week_is_marked(tmp_path: Path) -> None:
    alerts = [
        {"alert_id": "al_1", "kind": "gap", "gap_id": "gap_b", "sentence": "B."},
        {"alert_id": "al_2", "kind": "aggregate", "sentence": "Too much."},
        {"alert_id": "al_3", "kind": "straggler", "sentence": "Late."},
        {"alert_id": "al_4", "kind": "gap", "gap_id": "gap_c", "sentence": "C.", "waits_for_link": True},
    ]
    drawn = "a open 1 1 \n b open 3 3 \n c open 2 2"
    past_close(tmp_path, "2026-10-24", drawn, alerts=alerts)
    past_close(tmp_path, "2026-10-31", drawn, alerts=[alerts[0], alerts[1] | {"sentence": "Far too much."}])
    review = trend.review_of(trend.find_closes(tmp_path, LAST))
    told = trend.still_open(review).select("gap_id", "alerted").rows()
    assert told == [("gap_b", True), ("gap_c", False), ("gap_a", False)]
    assert "1 was alerted then" in trend.still_open_sentence(review).text
    assert trend.alerts_again(review).select("kind", "sentence").rows() == [("aggregate", "Far too much.")]


# linked of ten customers, by run                                falls in a row     flagged
RATES = [
    ([9], [0], False),
    ([9, 9, 9, 9], [0, 0, 0, 0], False),
    ([9, 8, 7], [0, 1, 2], False),
    ([9, 8, 7, 6], [0, 1, 2, 3], True),
    ([9, 8, 7, 6, 6], [0, 1, 2, 3, 0], False),
    ([9, 8, 7, 6, 5], [0, 1, 2, 3, 4], True),
    ([5, 9, 8, 7, 8, 7], [0, 0, 1, 2, 0, 1], False),
]


@pytest.mark.parametrize(("linked", "falls", "is_flagged"), RATES)
def test_three_declining_runs_are_flagged(tmp_path: Path, linked, falls, is_flagged) -> None:
    for number, count in enumerate(linked):
        links = {"linked": (count, "100"), "unlinked": (10 - count, "0")}
        past_close(tmp_path, f"2026-10-{10 + number}", "", links)
    review = trend.review_of(trend.find_closes(tmp_path, LAST))
    rates = trend.match_rate(review)
    assert rates["customers_falls"].to_list() == falls
    assert set(rates["mrr_falls"]) == {0}
    assert trend.is_declining(rates) is is_flagged
    assert ("runs in a row" in trend.match_sentence(review).text) is is_flagged


def test_a_falling_part_of_mrr_is_flagged_though_all_customers_stay(tmp_path: Path) -> None:
    for number, mrr in enumerate(("900", "890", "880", "879.99")):
        past_close(tmp_path, f"2026-10-{10 + number}", "", {"linked": (9, mrr), "review": (1, "100")})
    rates = trend.match_rate(trend.review_of(trend.find_closes(tmp_path, LAST)))
    assert rates.select("customers_falls", "mrr_falls").row(-1) == (0, 3)
    assert trend.is_declining(rates)
    assert rates["mrr_pct"][0] == pytest.approx(90.0)


def test_no_customers_is_no_rate(tmp_path: Path) -> None:
    past_close(tmp_path, "2026-10-30", "", {})
    past_close(tmp_path, "2026-10-31", "", {})
    review = trend.review_of(trend.find_closes(tmp_path, LAST))
    assert trend.match_rate(review).select("customers_pct", "mrr_pct", "customers_falls").row(-1) == (None, None, 0)
    assert "none of customers" in trend.match_sentence(review).text


@pytest.mark.parametrize(("age", "band"), [(0, 0), (7, 0), (8, 1), (30, 1), (31, 2), (90, 2), (91, 3), (4000, 3)])
def test_bands_of_age_begin_on_their_day(tmp_path: Path, age: int, band: int) -> None:
    review = reviewed(tmp_path, {"2026-10-31": f"a open 1 1 age={age} \n b review 1 1 age=1 \n c timing 1 1 age=1"})
    assert trend.open_by_age(review).select("band_no", "gaps").rows() == [(band, 1)]
    assert trend.ages_by_close(review)["oldest_days"].to_list() == [age]


def test_the_newest_run_of_a_day_counts_and_working_folders_do_not(tmp_path: Path) -> None:
    for name in ("2026-10-24", "2026-10-31", "2026-10-31.r2", "2026-10-31.r10"):
        past_close(tmp_path, name, "a open 1 1")
    shutil.copytree(tmp_path / "2026-10-31", tmp_path / "2026-10-31.partial")
    shutil.copytree(tmp_path / "2026-10-31", tmp_path / "2026-10-32")
    (tmp_path / "2026-10-17").mkdir()
    (tmp_path / "weekly_review.2026-10-31.html").touch()
    assert [close.path.name for close in trend.find_closes(tmp_path, LAST)] == ["2026-10-24", "2026-10-31.r10"]
    assert [close.path.name for close in trend.find_closes(tmp_path, dt.date(2026, 10, 30))] == ["2026-10-24"]
    assert trend.find_closes(tmp_path / "nowhere", LAST) == []


def test_closes_that_cannot_be_read_are_named_with_the_reason(tmp_path: Path) -> None:
    names = ("2026-09-05", "2026-09-12", "2026-09-19", "2026-09-26", "2026-10-03", "2026-10-10", "2026-10-31")
    purged, tampered, short, damaged, older, unlisted, _ = [past_close(tmp_path, name, "a open 1 1") for name in names]
    shutil.rmtree(purged.tables)
    tampered.table_path("gaps").write_bytes(
        past_close(tmp_path / "x", "2026-09-12", "").table_path("gaps").read_bytes()
    )
    short.table_path("history").unlink()
    damaged.table_path("links").write_bytes(b"PAR1")
    finish(damaged)
    gaps = pl.read_parquet(older.table_path("gaps")).drop("impact_minor")
    gaps.write_parquet(older.table_path("gaps"))
    finish(older)
    (unlisted.path / MANIFEST).write_text("{")
    review = trend.review_of(trend.find_closes(tmp_path, LAST))
    assert [close.name for close in review.closes] == ["2026-10-31"]
    told = dict(review.left_out.rows())
    assert list(told) == list(names[:-1])
    said = ("purged", "not the one its manifest names", "has no tables/history.parquet", "links.parquet cannot be read",
            "not those of a close of this version", "manifest.json cannot be read")  # fmt: skip
    assert [words in why for words, why in zip(said, told.values(), strict=True)] == [True] * 6
    assert "6 closes were left out" in trend.scope_sentence(review).text


def test_without_any_close_it_says_what_to_do(tmp_path: Path) -> None:
    folder = past_close(tmp_path, "2026-10-31", "")
    shutil.rmtree(folder.tables)
    with pytest.raises(
        SettingsError, match=r"no close to look back on(.|\n)*recon close(.|\n)*2026-10-31: it was purged"
    ):
        trend.review_of(trend.find_closes(tmp_path, LAST))


def test_a_first_close_says_what_it_can_and_what_not(tmp_path: Path) -> None:
    review = reviewed(tmp_path, {"2026-10-31": "a open 400 120 \n b review 700 90"})
    assert "This is the first close" in trend.scope_sentence(review).text
    assert "takes a second one" in trend.scope_sentence(review).text
    assert trend.drift_now_and_before(review)["drift_before_minor"].to_list() == [0, 0]
    assert trend.still_open(review).is_empty()
    assert trend.opened_since(review)["gap_id"].to_list() == ["gap_a"]
    assert trend.roll_forwards(review).is_empty()
    assert trend.roll_forward_since(review).is_empty()
    assert "first close" in trend.roll_forward_chart(review).description
    assert "no time to tell" in trend.resolution_sentence(review).text
    assert "one close shows no direction" in trend.match_sentence(review).text
    assert trend.roll_forward_controls(review)["passes"].to_list() == [True]
    assert "no close before" in trend.key_figures(review).text


def test_a_review_without_any_gap_draws_and_ties(tmp_path: Path) -> None:
    review = reviewed(tmp_path, {"2026-10-24": "", "2026-10-31": ""})
    assert trend.drift_chart(review).description == "There is nothing to draw."
    assert trend.age_chart(review).description == "There is nothing to draw."
    assert trend.roll_forward_chart(review).description == "No gap was or is open."
    assert trend.time_to_resolve(trend.episodes(review)).select("family", "resolved").rows() == [("all", 0)]
    assert trend.roll_forward_controls(review).is_empty()
    assert "0 of the 0 gaps" in trend.still_open_sentence(review).text


def test_a_close_folder_is_reviewed_with_those_beside_it_that_are_older(tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    files = "{kind: files, path: .}"
    params.write_text(f"{{as_of: 2026-10-31, closes_dir: closes, source: {{stripe: {files}, salesforce: {files}}}}}")
    for day in ("2026-10-10", "2026-10-17", "2026-10-24", "2026-10-31"):
        past_close(tmp_path / "closes", day, "a open 1 1")
    opened = trend.open_review(params=str(params))
    assert [str(close.as_of) for close in opened.closes] == ["2026-10-10", "2026-10-17", "2026-10-24", "2026-10-31"]
    earlier = trend.open_review(params=str(params), as_of="2026-10-20")
    assert str(earlier.newest.as_of) == "2026-10-17"
    assert "2 closes of later days are not looked at" in trend.scope_sentence(earlier).text
    assert "later" not in trend.scope_sentence(opened).text
    of_folder = trend.open_review(params=str(params), close_dir=str(tmp_path / "closes" / "2026-10-17"))
    assert [str(close.as_of) for close in of_folder.closes] == ["2026-10-10", "2026-10-17"]
    shutil.move(tmp_path / "closes" / "2026-10-31", tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / MANIFEST).unlink()
    alone = trend.open_review(params=str(params), close_dir=str(tmp_path / "elsewhere"))
    assert [str(close.as_of) for close in alone.closes] == ["2026-10-31"]


def test_a_close_whose_name_says_another_day_is_left_out(tmp_path: Path) -> None:
    past_close(tmp_path, "2026-10-31", "a open 1 1")
    shutil.copytree(tmp_path / "2026-10-31", tmp_path / "2026-11-30")
    review = trend.review_of(trend.find_closes(tmp_path, LAST))
    assert review.left_out.rows() == [("2026-11-30", "its tables are of 2026-10-31, which another close is of")]


def test_another_reporting_currency_stands_in_no_chart_and_ties_on_its_own(tmp_path: Path) -> None:
    past_close(tmp_path, "2026-10-24", "a open 100 10 EUR", currency="EUR")
    past_close(tmp_path, "2026-10-31", "a open 120 15 USD", currency="USD")
    review = trend.review_of(trend.find_closes(tmp_path, LAST))
    assert "120.00 USD" in trend.drift_chart(review).description
    assert trend.roll_forward_controls(review)["passes"].all()
    assert "100.00 EUR" in trend.drift_sentence(review).text


def test_the_samples_earlier_closes_can_all_be_read() -> None:
    closes = trend.find_closes(trend.SAMPLE_CLOSES, LAST)
    review = trend.review_of(closes)
    assert review.left_out.is_empty()
    assert len(review.closes) == len(closes) >= 5
    assert trend.roll_forward_controls(review)["passes"].all()
    assert CloseFolder(closes[-1].path).is_finished
