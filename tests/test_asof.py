import datetime as dt

import polars as pl
import pytest

from recon_kit.asof import end_of_day, is_after, unless_after

UTC = dt.UTC
CUTOFF = dt.datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("as_of", "timezone", "expected"),
    [
        # the day ends when the next one begins in that zone, told in UTC
        ("2026-10-31", "UTC", "2026-11-01T00:00"),
        ("2026-10-31", "America/New_York", "2026-11-01T04:00"),
        ("2026-10-31", "Asia/Tokyo", "2026-10-31T15:00"),
        ("2026-03-29", "Europe/Berlin", "2026-03-29T22:00"),  # clocks went forward that day
        ("2026-10-25", "Europe/Berlin", "2026-10-25T23:00"),  # and back that day
        ("2028-02-29", "UTC", "2028-03-01T00:00"),
        ("2026-12-31", "Pacific/Auckland", "2026-12-31T11:00"),
    ],
)
def test_a_day_ends_at_midnight_of_the_time_zone(as_of, timezone, expected):
    assert end_of_day(dt.date.fromisoformat(as_of), timezone) == dt.datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_the_last_second_of_the_day_is_inside_and_midnight_is_not():
    instants = pl.Series("at", [CUTOFF - dt.timedelta(seconds=1), CUTOFF, None], dtype=pl.Datetime("us", "UTC"))
    frame = pl.DataFrame(instants)
    assert frame.select(is_after(pl.col("at"), CUTOFF))["at"].to_list() == [False, True, False]
    assert frame.select(unless_after(pl.col("at"), CUTOFF).is_null())["at"].to_list() == [False, True, True]
