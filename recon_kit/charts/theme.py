"""Theme: one look for all charts, legible on paper, in grey and for colour-blind readers."""

from __future__ import annotations

from typing import Any

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
INK, SOFT, RULE, PAPER = "#1c2433", "#566075", "#dfe3ea", "#ffffff"
TOTAL, POSITIVE, NEGATIVE = "#27324a", "#2b6cb0", "#d17620"
SERIES = ("#1f5a96", "#d0742a", "#2f5d3a", "#9478c4", "#4a5568", "#b08a10", "#0f4c5c", "#cf6a8f")
"""Each has a contrast of at least 3:1 on white, so that an area is seen; words are in INK or SOFT (at least 4.5:1).

Printed in grey, gains and losses stay apart, and so do neighbours in a stack: dark and light take turns.
"""

WIDTH = 470
ROW_STEP = 26
LABEL_WIDTH = 310


def configuration() -> dict[str, Any]:
    """Return the Vega-Lite configuration that every chart of the kit carries."""
    return {
        "background": PAPER,
        "font": FONT,
        "padding": 6,
        "view": {"stroke": None, "continuousWidth": WIDTH, "continuousHeight": 260},
        "title": {"anchor": "start", "frame": "group", "fontSize": 14, "fontWeight": 600, "color": INK, "offset": 12,
                  "subtitleColor": SOFT, "subtitleFontSize": 12, "subtitlePadding": 6},
        "axis": {"labelColor": SOFT, "titleColor": SOFT, "labelFontSize": 11, "titleFontSize": 11,
                 "titleFontWeight": 400, "gridColor": RULE, "domain": False, "ticks": False, "labelPadding": 6},
        "legend": {"orient": "top", "title": None, "labelColor": INK, "labelFontSize": 12, "symbolType": "square",
                   "labelLimit": 260, "columnPadding": 18},
        "text": {"color": INK, "fontSize": 12},
        "range": {"category": list(SERIES)},
    }  # fmt: skip
