"""Charts that draw themselves without a network and say in words what they show."""

from recon_kit.charts.bars import bars, stacked_bars
from recon_kit.charts.distribution import ageing, histogram
from recon_kit.charts.note import note
from recon_kit.charts.over_time import nothing, rate_lines, stacked_columns
from recon_kit.charts.reliability import reliability
from recon_kit.charts.render import ChartUndescribed, Figure, chart_digest, enable, svg
from recon_kit.charts.waterfall import waterfall
from recon_kit.charts.weights import weight_steps, weights

__all__ = [
    "ChartUndescribed",
    "Figure",
    "ageing",
    "bars",
    "chart_digest",
    "enable",
    "histogram",
    "note",
    "nothing",
    "rate_lines",
    "reliability",
    "stacked_bars",
    "stacked_columns",
    "svg",
    "waterfall",
    "weight_steps",
    "weights",
]
