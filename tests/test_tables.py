"""Tables as readers see them: amounts, order, details, words."""

import datetime as dt
import re
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_kit import tables


def amounts(**columns):
    return pl.DataFrame({"name": [f"row {i}" for i in range(len(next(iter(columns.values()))))], **columns})


def cells(panel):
    return re.findall(r'data-v="([^"]*)">(.*?)</t[dh]>', panel.html)


NEGATIVE = '<span class="rk-negative"><span class="rk-sr">-</span>{}</span>'


@pytest.mark.parametrize(
    ("minor", "currency", "raw", "shown"),
    [
        (123450, "USD", "1234.50", "1,234.50"),
        (-40000, "USD", "-400.00", NEGATIVE.format("400.00")),
        (-5, "EUR", "-0.05", NEGATIVE.format("0.05")),
        (0, "USD", "0.00", "0.00"),
        (1234, "JPY", "1234", "1,234"),
        (1234, "KWD", "1.234", "1.234"),
        (-1, "KWD", "-0.001", NEGATIVE.format("0.001")),
        (1234567890123456, "USD", "12345678901234.56", "12,345,678,901,234.56"),
    ],
)
def test_amounts_carry_their_currencys_decimals_and_their_raw_value(minor, currency, raw, shown):
    panel = tables.show(amounts(impact_minor=[minor]), title="T", money={"impact_minor": currency})
    assert cells(panel) == [(raw, shown)]
    assert f"Impact ({currency})" in panel.html


def test_several_currencies_keep_their_column_and_their_own_decimals():
    frame = amounts(impact_minor=[1000, 1000, None], currency=["JPY", "KWD", "USD"])
    panel = tables.show(frame, title="T", money={"impact_minor": "currency"})
    assert [raw for raw, _ in cells(panel)] == ["1000", "1.000", ""]
    assert ">Impact<" in panel.html
    assert "<td>KWD</td>" in panel.html


def test_an_amount_in_an_unknown_currency_is_shown_as_the_integer_it_is():
    frame = amounts(impact_minor=[1000, 5], currency=["ZZZ", "USD"])
    assert ("1000", "1,000 minor units") in cells(tables.show(frame, title="T"))


def test_every_amount_without_a_currency_is_named_at_once():
    with pytest.raises(ValueError, match=r"a_minor has no currency; b_minor has no currency"):
        tables.show(amounts(a_minor=[1], b_minor=[2]), title="T")
    with pytest.raises(ValueError, match="a_minor: USDX is neither a column nor a currency"):
        tables.show(amounts(a_minor=[1]), title="T", money={"a_minor": "USDX"})


def test_other_values_read_plainly():
    frame = pl.DataFrame(
        {
            "id": ["x"],
            "diverged_on": [dt.date(2026, 3, 1)],
            "seen_at": [dt.datetime(2026, 3, 1, 9, 5, tzinfo=dt.UTC)],
            "ids": [["a", "b"]],
            "material": [True],
            "difference_pct": [12.55],
            "link_probability": [0.98765],
            "row_count": [12345],
            "rate": [Decimal("1.0850")],
            "nothing": pl.Series([None], dtype=pl.String),
        }
    )
    text = tables.show(frame, title="T").text.splitlines()[-1]
    assert text == "x | 2026-03-01 | 2026-03-01 09:05 UTC | a, b | yes | 12.6 | 0.988 | 12,345 | 1.0850 | –"


HOSTILE = "<img src=x onerror=alert(1)>&\"'"


def test_no_text_can_become_markup():
    frame = pl.DataFrame({"name": [HOSTILE], "why": [HOSTILE], HOSTILE: ["v"]})
    lines = pl.DataFrame({"name": [HOSTILE], "part": [HOSTILE]})
    shown = [
        tables.show(frame, title=HOSTILE, caption=HOSTILE, details=["why", lines], key="name"),
        tables.show(frame.head(0), title=HOSTILE, empty=HOSTILE),
        tables.facts({HOSTILE: HOSTILE}, HOSTILE),
        tables.sentence("It is {what}.", what=HOSTILE),
    ]
    assert not [panel.html for panel in shown if "<img" in panel.html]


def test_rows_sort_by_the_column_named_and_the_heading_says_so():
    frame = amounts(impact_minor=[5, None, 300, 20], currency=["USD"] * 4)
    panel = tables.show(frame, title="T", sort="-impact_minor")
    assert [raw for raw, _ in cells(panel)] == ["3.00", "0.20", "0.05", ""]
    assert panel.html.count('aria-sort="descending"') == 1


def test_details_open_below_their_row_and_only_where_there_is_something():
    frame = pl.DataFrame({"gap_id": ["g1", "g2", "g3"], "why": ["because", None, None]})
    lines = pl.DataFrame({"gap_id": ["g2", "g2"], "part": ["tax", "rest"], "amount_minor": [100, -1]})
    panel = tables.show(frame, title="T", details=["why", lines], key="gap_id", money={"amount_minor": "USD"})
    opened = re.findall(r'<tr class="rk-detail" hidden>(.*?)</td></tr>(?=<tr class="rk-row"|</tbody>)', panel.html)
    assert panel.html.count("aria-expanded") == 2
    assert "because" in opened[0]
    assert "tax" in opened[1]
    assert "Amount (USD)" in opened[1]


def test_lines_without_a_currency_are_in_that_of_their_row():
    frame = pl.DataFrame({"gap_id": ["g1", "g2"], "impact_minor": [1, 2], "currency": ["JPY", "KWD"]})
    lines = pl.DataFrame({"gap_id": ["g1", "g2"], "amount_minor": [1234, 1234]})
    panel = tables.show(frame, title="T", details=lines, key="gap_id")
    assert 'data-v="1234"' in panel.html
    assert 'data-v="1.234"' in panel.html


def test_detail_frames_need_their_key():
    with pytest.raises(ValueError, match="need key="):
        tables.show(amounts(n=[1]), title="T", details=amounts(n=[1]))


def test_a_total_is_over_all_rows_and_never_crosses_currencies():
    frame = amounts(impact_minor=[100, -250, 50], currency=["USD"] * 3)
    panel = tables.show(frame, title="T", total=["impact_minor"], limit=1)
    assert cells(panel)[-1] == ("-1.00", NEGATIVE.format("1.00"))
    assert "Total of 3 rows" in panel.html
    mixed = frame.with_columns(currency=pl.Series(["USD", "EUR", "USD"]))
    with pytest.raises(ValueError, match="does not cross currencies"):
        tables.show(mixed, title="T", total=["impact_minor"])


def test_rows_left_out_are_counted():
    panel = tables.show(amounts(n=list(range(12))), title="T", limit=5)
    assert "The first 5 of 12 rows" in panel.html
    assert panel.html.count('class="rk-row"') == 5
    assert "… 2 more rows" in panel.text


def test_an_empty_table_says_so_in_words():
    panel = tables.show(amounts(a_minor=[1]).head(0), title="Gaps", empty="No gap is open.")
    assert "No gap is open." in panel.html
    assert "<table" not in panel.html
    assert panel.text == "Gaps: No gap is open."


def test_a_panel_brings_style_and_script_the_same_every_time():
    bundle = tables.facts({"a": 1}, "T")._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/html"].count("<script>") == 1
    assert bundle == tables.facts({"a": 1}, "T")._repr_mimebundle_()


CONTROLS = pl.DataFrame(
    {
        "control_id": ["b", "a"],
        "room": ["gaps", "gaps"],
        "equation": ["x = y", "rows in = rows out"],
        "left_minor": [1000, None],
        "right_minor": [900, None],
        "left_rows": [None, 7],
        "right_rows": [None, 7],
        "currency": ["USD", None],
        "passes": [False, True],
    }
)


def test_a_broken_control_comes_first_with_its_difference_and_in_words():
    panel = tables.tie_out(CONTROLS)
    assert "1 of 2 controls do not tie: b." in panel.text
    assert panel.html.index("✗ does not tie") < panel.html.index("✓ ties")
    assert ('data-v="1.00">1.00') in panel.html


def test_controls_that_tie_are_counted_and_none_at_all_proves_nothing():
    assert "1 control computed here, and every one ties." in tables.tie_out(CONTROLS.filter("passes")).text
    assert "nothing here is proven" in tables.tie_out(CONTROLS.head(0)).text


def test_a_control_without_a_verdict_does_not_pass():
    unknown = CONTROLS.with_columns(passes=pl.lit(None, dtype=pl.Boolean))
    assert "2 of 2 controls do not tie" in tables.tie_out(unknown).text


def test_sentences_are_computed_around_their_values():
    panel = tables.sentence("{gaps} are open.", tone="bad", gaps=tables.count(1204, "gap"))
    assert panel.text == "✗ 1,204 gaps are open."
    assert "<strong>1,204 gaps</strong>" in panel.html
    assert tables.money(-123450, "USD") == "-1,234.50 USD"
    assert tables.money(-1234, "JPY") == "-1,234 JPY"
    assert tables.money(1234, "") == "1,234 minor units of an unknown currency"


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=8), st.sampled_from(["USD", "JPY", "KWD"]))
def test_raw_values_add_up_to_the_total_shown(minors, currency):
    panel = tables.show(amounts(a_minor=minors), title="T", money={"a_minor": currency}, total=["a_minor"])
    *rows, total = [Decimal(raw) for raw, _ in cells(panel)]
    assert sum(rows) == total


@given(st.permutations(range(5)))
def test_the_order_of_rows_does_not_show_once_sorted_by_a_key(order):
    frame = amounts(a_minor=[5, 4, 3, 2, 1], currency=["USD"] * 5)
    assert tables.show(frame[list(order)], title="T", sort="name") == tables.show(frame, title="T", sort="name")


def test_details_open_in_the_order_given_each_frame_under_its_heading():
    frame = pl.DataFrame({"gap_id": ["g1", "g2"], "name": ["A", "B"], "what": ["w1", "w2"], "who": ["x1", "x2"]})
    lines = pl.DataFrame({"gap_id": ["g1", "g9"], "mrr_minor": [100, 7], "currency": ["EUR", "JPY"]})
    labels = {"what": "What is wrong", "mrr_minor": "MRR a month"}
    details = ["what", ("What Stripe knows", lines), "who"]
    opened = tables.show(frame, title="T", columns=["name"], details=details, key="gap_id", labels=labels).html
    first = opened[opened.index("w1") : opened.index("w2")]
    order = ["w1", "<caption>What Stripe knows</caption>", "MRR a month (EUR)", "1.00", "x1"]
    assert sorted(order, key=first.index) == order
    assert "JPY" not in opened, "a line of a row that is not shown has no say in the headings"
    assert opened.count("<caption>") == 1


def test_details_of_rows_beyond_the_limit_are_not_written():
    frame = pl.DataFrame({"gap_id": ["g1", "g2"], "name": ["A", "B"]})
    lines = pl.DataFrame({"gap_id": ["g1", "g2"], "line": ["first", "second"]})
    opened = tables.show(frame, title="T", columns=["name"], details=lines, key="gap_id", limit=1).html
    assert "first" in opened
    assert "second" not in opened


def test_facts_stand_abreast_and_brief_ones_are_not_broken():
    panel = tables.facts(
        {"as of": dt.date(2026, 10, 31), "sources": "stripe files, salesforce files", "z": 1}, "F", abreast=2
    )
    rows = re.findall(r"<tr>(.*?)</tr>", panel.html)
    assert [row.count("<th") for row in rows] == [2, 1]
    assert '<td class="rk-brief">2026-10-31</td>' in panel.html
    assert "<td>stripe files, salesforce files</td>" in panel.html


def test_key_figures_are_names_and_values_with_a_note():
    panel = tables.figures(
        [tables.KeyFigure("Open gaps", "32", "30 of them <material>"), tables.KeyFigure("Pages", "5")]
    )
    assert '<dt>Open gaps</dt><dd class="rk-figure">32</dd><dd>30 of them &lt;material&gt;</dd>' in panel.html
    assert panel.text == "Open gaps: 32 (30 of them <material>)\nPages: 5"


def test_codes_are_told_in_words_and_unknown_ones_with_spaces():
    frame = pl.DataFrame(
        {"cause": ["handoff_missed", "a_new_cause", None], "state": ["in_window"] * 3, "id": ["in_window"] * 3}
    )
    told = tables.in_words(frame)
    assert told["cause"].to_list() == ["Handoff missed", "a new cause", None]
    assert told["state"].to_list() == ["too young"] * 3
    assert told["id"].to_list() == ["in_window"] * 3
    assert tables.in_words(pl.DataFrame({"name": ["handoff_missed"]}))["name"].item() == "handoff_missed"
