"""Whatever becomes of gaps from close to close, the roll-forward ties, and nothing depends on their order."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from recon_kit.close import trend
from tests.past_closes import past_close

STATES = ("open", "review", "timing", "in_window", "accepted", "rejected", "resolved", "dismissed")
FIRST = dt.date(2026, 9, 5)
GAP = st.tuples(
    st.sampled_from(STATES),
    st.integers(-5_000, 5_000),
    st.integers(0, 9_000),
    st.sampled_from(["USD", "EUR", "JPY"]),
    st.sampled_from(["expansion", "discount"]),
)
WEEK = st.dictionaries(st.sampled_from("abcdefgh"), GAP, max_size=8)
WEEKS = st.lists(WEEK, min_size=1, max_size=5)
LEAVES = {"review": "pending", "timing": "waiting", "in_window": "waiting"}
Drawn = dict[str, tuple[str, int, int, str, str]]


def close_all(closes: Path, weeks: list[Drawn]) -> trend.Review:
    for number, week in enumerate(weeks):
        lines = [
            f"{key} {state} {size} {stake} {code} {cause}" for key, (state, size, stake, code, cause) in week.items()
        ]
        past_close(closes, str(FIRST + dt.timedelta(days=7 * number)), "\n".join(lines))
    return trend.review_of(trend.find_closes(closes, dt.date(2026, 12, 31)))


def open_in(week: Drawn, code: str) -> list[str]:
    return [key for key, (state, _, _, own, _) in week.items() if state == "open" and own == code]


@settings(max_examples=25)
@given(WEEKS)
def test_the_roll_forward_ties(weeks: list[Drawn]) -> None:
    with tempfile.TemporaryDirectory() as place:
        review = close_all(Path(place), weeks)
        equations, lines = trend.roll_forward_controls(review), trend.roll_forwards(review)
        found = trend.episodes(review)
        brief = trend.roll_forwards_in_brief(review)
    assert equations["passes"].all(), equations.filter(~pl.col("passes")).rows()
    for (_, to_on, code), rows in lines.group_by("from_on", "to_on", "currency"):
        number = (to_on - FIRST).days // 7
        before, now = (open_in(weeks[place], str(code)) for place in (number - 1, number))
        at = dict(rows.select("line", "gaps").iter_rows())
        assert (at["opening"], at["closing"]) == (len(before), len(now))
        absent = [key for key in now if key not in weeks[number - 1]]
        assert at.get("new", 0) == len(absent)
        assert at.get("gone", 0) == -len([key for key in before if key not in weeks[number]])
        stake = sum(weeks[number][key][2] for key in now) * 100
        assert rows.filter(pl.col("line") != "closing")["impact_minor"].sum() == stake
    assert (
        (brief.select(pl.sum_horizontal("opening", "came", "resolved", "moved", "grown") == pl.col("closing")))
        .to_series()
        .all()
    )
    assert list(found.select("gap_id", "opened_on", "resolved_on").rows()) == episodes_by_hand(weeks)


def episodes_by_hand(weeks: list[Drawn]) -> list[tuple[str, dt.date, dt.date | None]]:
    """The same, gap by gap and week by week."""
    told = []
    for key in "abcdefgh":
        opened = None
        for number, week in enumerate(weeks):
            day = FIRST + dt.timedelta(days=7 * number)
            state = week[key][0] if key in week else "gone"
            if state == "open" and opened is None:
                opened = day
            elif opened is not None and state != "open" and state not in LEAVES:
                told.append((f"gap_{key}", opened, day))
                opened = None
        if opened is not None:
            told.append((f"gap_{key}", opened, None))
    return told
