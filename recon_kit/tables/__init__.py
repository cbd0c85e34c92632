"""Tables and sentences that a notebook shows and the exported page keeps."""

from recon_kit.tables.facts import facts, tie_out
from recon_kit.tables.figures import KeyFigure, figures
from recon_kit.tables.panel import Panel
from recon_kit.tables.terms import in_words, term
from recon_kit.tables.view import show
from recon_kit.tables.wording import count, money, per_cent, sentence

__all__ = [
    "KeyFigure",
    "Panel",
    "count",
    "facts",
    "figures",
    "in_words",
    "money",
    "per_cent",
    "sentence",
    "show",
    "term",
    "tie_out",
]
