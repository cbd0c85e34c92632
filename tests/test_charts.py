"""Charts: what they say in words, what they draw, and that they are the same every time."""

import altair as alt
import polars as pl
import pytest

from recon_kit import charts
from recon_kit.charts import theme
from recon_kit.charts.render import specification


def bridge(*amounts, currency="USD"):
    labels = ["Salesforce MRR", *[f"Change {i}" for i in range(1, len(amounts) - 1)], "Stripe MRR"]
    return pl.DataFrame(
        {
            "line_no": range(len(amounts)),
            "label": labels,
            "amount_minor": amounts,
            "currency": [currency] * len(amounts),
        }
    )


def drawn(chart, layer=0):
    spec = specification(chart)
    source = spec["layer"][layer].get("data", spec.get("data"))
    return source["values"] if "values" in source else spec["datasets"][source["name"]]


def test_a_waterfall_runs_from_one_total_to_the_other():
    rows = drawn(charts.waterfall(bridge(100_00, -60_00, 5_00, 45_00)))
    assert [(row["start"], row["end"], row["words"]) for row in rows] == [
        (0, 100, "100.00"),
        (100, 40, "−60.00"),
        (40, 45, "+5.00"),
        (0, 45, "45.00"),
    ]


def test_a_waterfall_says_whether_its_lines_add_up():
    ties = charts.waterfall(bridge(100_00, -30_00, 70_00)).description
    broken = charts.waterfall(bridge(100_00, -30_00, 70_01)).description
    assert "the lines between add up exactly" in ties
    assert "Change 1 (−30.00 USD)" in ties
    assert "0.01 USD is left unexplained" in broken


def test_a_waterfall_that_does_not_start_at_zero_says_so():
    near = charts.waterfall(bridge(1_000_000_00, -1_000_00, 999_000_00))
    assert "not at zero" in near.description
    assert "not at zero" not in charts.waterfall(bridge(100_00, -90_00, 10_00)).description


def test_a_waterfall_does_not_mind_the_order_of_rows():
    lines = bridge(100_00, -30_00, 5_00, 75_00)
    assert charts.chart_digest(charts.waterfall(lines.reverse())) == charts.chart_digest(charts.waterfall(lines))


@pytest.mark.parametrize("lines", [bridge(1, 2)[:1], bridge(1, 2).with_columns(currency=pl.Series(["USD", "EUR"]))])
def test_a_waterfall_needs_two_totals_in_one_currency(lines):
    with pytest.raises(ValueError, match=r"two totals|one known currency"):
        charts.waterfall(lines)


GAPS = pl.DataFrame(
    {
        "cause": ["tax", "discount", "tax", "late_start", None],
        "family": ["a", "a", "b", "b", "b"],
        "impact_minor": [100, 5000, 250, -900, 1],
        "age": [0, 7, 8, 400, 30],
        "link_probability": [0.05, 0.5, 0.99, 1.0, None],
    }
)


def test_bars_rank_by_size_and_add_up():
    chart = charts.bars(GAPS, "cause", "impact_minor", title="Impact by cause", currency="USD")
    rows = drawn(chart)
    assert [(row["name"], row["words"]) for row in rows] == [
        ("discount", "50.00"),
        ("late start", "−9.00"),
        ("tax", "3.50"),
        ("none", "0.01"),
    ]
    assert chart.description == "44.51 USD in all; the largest is discount with 50.00 USD."


def test_what_is_beyond_the_limit_stands_together():
    rows = drawn(charts.bars(GAPS, "cause", "impact_minor", title="T", currency="USD", limit=2))
    assert [(row["name"], row["words"]) for row in rows] == [("discount", "50.00"), ("3 others", "−5.49")]


def test_bars_do_not_cross_currencies():
    mixed = GAPS.with_columns(currency=pl.Series(["USD", "EUR", "USD", "USD", "USD"]))
    with pytest.raises(ValueError, match="one known currency, not EUR, USD"):
        charts.bars(mixed, "cause", "impact_minor", title="T")


def test_stacked_bars_refuse_what_cannot_be_stacked():
    with pytest.raises(ValueError, match="not negative"):
        charts.stacked_bars(GAPS, "cause", "family", "impact_minor", title="T", currency="USD")
    positive = GAPS.with_columns(pl.col("impact_minor").abs())
    chart = charts.stacked_bars(positive, "cause", "family", "impact_minor", title="T", currency="USD")
    assert sum(row["value"] for row in drawn(chart)) == pytest.approx(62.51)


def test_ageing_keeps_empty_bands_in_order():
    rows = drawn(charts.ageing(GAPS, "age", "impact_minor", title="T", currency="JPY"))
    assert [row["name"] for row in rows][:3] == ["0–7 days", "8–30 days", "31–60 days"]
    assert [row["words"] for row in rows] == ["5,100", "251", "0", "0", "0", "0", "−900"]


def test_rows_without_an_age_stand_apart():
    undated = GAPS.with_columns(age=pl.lit(None, dtype=pl.Int64))
    rows = drawn(charts.ageing(undated, "age", "impact_minor", title="T", currency="JPY"))
    assert (rows[-1]["name"], rows[-1]["words"]) == ("no date", "4,451")


def test_a_histogram_counts_each_row_once_and_says_what_is_outside():
    chart = charts.histogram(
        GAPS, "link_probability", edges=[0, 0.5, 0.9, 1], title="T", unit="probability", noun="links"
    )
    assert [row["count"] for row in drawn(chart)] == [1, 1, 2]
    assert "4 links" in chart.description
    assert "1 lie outside or have no value" in chart.description


def test_nothing_to_draw_is_said():
    chart = charts.bars(GAPS.head(0), "cause", "impact_minor", title="T", currency="USD")
    assert chart.description == "There is nothing to draw."
    assert "There is nothing to draw." in charts.svg(chart)


def test_a_chart_without_words_is_refused():
    bare = alt.Chart(alt.InlineData(values=[{"a": 1}])).mark_bar()
    with pytest.raises(charts.ChartUndescribed, match="title, description"):
        charts.svg(bare)
    charts.enable()
    with pytest.raises(charts.ChartUndescribed, match="missing: description"):
        bare.properties(title="T")._repr_mimebundle_()


def test_one_bundle_serves_every_reader():
    charts.enable()
    content, metadata = charts.waterfall(bridge(100_00, -30_00, 70_00))._repr_mimebundle_()
    assert set(content) == {"image/svg+xml", "application/vnd.vegalite.v5+json", "text/plain"}
    assert "100.00" in content["image/svg+xml"]
    assert content["application/vnd.vegalite.v5+json"]["title"]["subtitle"]
    assert metadata["image/svg+xml"]["alt"].startswith("Salesforce MRR is 100.00 USD")


def test_drawing_is_deterministic_and_the_digest_tells_charts_apart():
    one, same, other = (charts.waterfall(bridge(*amounts)) for amounts in [(9, -2, 7), (9, -2, 7), (9, -3, 6)])
    assert charts.svg(one) == charts.svg(same)
    assert charts.chart_digest(one) == charts.chart_digest(same)
    assert charts.chart_digest(one) != charts.chart_digest(other)


def test_the_digest_does_not_depend_on_the_enabled_theme():
    chart = charts.waterfall(bridge(9, -2, 7))
    digest = charts.chart_digest(chart)
    with alt.theme.enable("dark"):
        assert charts.chart_digest(chart) == digest


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast_on_white(colour):
    return 1.05 / (luminance(colour) + 0.05)


@pytest.mark.parametrize(("names", "least"), [(("INK", "SOFT"), 4.5), (("TOTAL", "POSITIVE", "NEGATIVE"), 3.0)])
def test_colours_have_the_contrast_of_wcag_aa(names, least):
    colours = [getattr(theme, name) for name in names] + (list(theme.SERIES) if least == 3.0 else [])
    assert not [colour for colour in colours if contrast_on_white(colour) < least]


def test_a_note_has_its_four_parts():
    note = charts.note(at_a_glance="A <b>", shows="B", how_to_read="C", what_to_do="D")
    assert note.text.splitlines() == ["At a glance: A <b>", "What it shows: B", "How to read it: C", "What to do: D"]
    assert "A &lt;b&gt;" in note.html


def levels(*rows):
    return pl.DataFrame(rows, schema=["comparison", "level", "weight"], orient="row")


def test_weights_stand_by_comparison_the_heaviest_first():
    chart = charts.weights(
        levels(("name", "same", 9.0), ("name", "typo", 12.04), ("web", "same", 16.0), ("web", "other", -4.26)),
        title="Weights",
    )
    rows = drawn(chart, layer=1)
    assert [(row["label"], row["words"], row["kind"]) for row in rows] == [
        ("name: typo", "+12.0", "more"), ("name: same", "+9.0", "more"),
        ("web: same", "+16.0", "more"), ("web: other", "−4.3", "less"),
    ]  # fmt: skip
    assert "The heaviest is same (+16.0 bits), the lightest other (−4.3 bits)" in chart.description


def test_the_steps_of_a_weight_end_in_their_sum():
    steps = pl.DataFrame({"step": ["prior", "name", "web", "context"], "weight": [-10.0, 12.0, 0.0, -1.5]})
    chart = charts.weight_steps(steps, title="One pair")
    assert [(row["label"], row["start"], row["end"], row["words"]) for row in drawn(chart, layer=1)] == [
        ("prior", 0, -10, "−10.0"), ("name", -10, 2, "+12.0"), ("web", 2, 2, "0"), ("context", 2, 0.5, "−1.5"),
        ("all together", 0, 0.5, "+0.5"),
    ]  # fmt: skip
    assert "4 steps add up to +0.5 bits; name adds most (+12.0)" in chart.description


def test_a_pair_without_a_weight_is_said_to_have_none():
    chart = charts.weight_steps(pl.DataFrame(schema={"step": pl.String, "weight": pl.Float64}), title="One pair")
    assert "no weight" in chart.description
    assert charts.svg(chart).startswith("<svg")
