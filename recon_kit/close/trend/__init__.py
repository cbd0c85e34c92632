"""Trend: what closes say when they are laid side by side."""

from recon_kit.close.trend.closes import ReadClose, UnreadableClose, find_closes, read_close
from recon_kit.close.trend.drawing import age_chart, drift_chart, match_chart, roll_forward_chart
from recon_kit.close.trend.measures import (
    ages_by_close,
    drift,
    drift_now_and_before,
    is_declining,
    match_rate,
    open_by_age,
    weekly,
)
from recon_kit.close.trend.page import (
    drift_sentence,
    key_figures,
    match_sentence,
    resolution_sentence,
    rests_on,
    scope_sentence,
    still_open_sentence,
)
from recon_kit.close.trend.resolution import alerts_again, episodes, opened_since, still_open, time_to_resolve
from recon_kit.close.trend.review import SAMPLE_CLOSES, Review, open_review, review_of
from recon_kit.close.trend.roll_forward import (
    roll_forward,
    roll_forward_since,
    roll_forwards,
    roll_forwards_in_brief,
)
from recon_kit.close.trend.tie_outs import roll_forward_controls
from recon_kit.close.trend.wording import LABELS, in_words

__all__ = [
    "LABELS",
    "SAMPLE_CLOSES",
    "ReadClose",
    "Review",
    "UnreadableClose",
    "age_chart",
    "ages_by_close",
    "alerts_again",
    "drift",
    "drift_chart",
    "drift_now_and_before",
    "drift_sentence",
    "episodes",
    "find_closes",
    "in_words",
    "is_declining",
    "key_figures",
    "match_chart",
    "match_rate",
    "match_sentence",
    "open_by_age",
    "open_review",
    "opened_since",
    "read_close",
    "resolution_sentence",
    "rests_on",
    "review_of",
    "roll_forward",
    "roll_forward_chart",
    "roll_forward_controls",
    "roll_forward_since",
    "roll_forwards",
    "roll_forwards_in_brief",
    "scope_sentence",
    "still_open",
    "still_open_sentence",
    "time_to_resolve",
    "weekly",
]
