"""Tables and sentences that a notebook shows and the exported page keeps."""

from recon_kit.tables.facts import facts, tie_out
from recon_kit.tables.panel import Panel
from recon_kit.tables.view import show
from recon_kit.tables.wording import count, money, sentence

__all__ = ["Panel", "count", "facts", "money", "sentence", "show", "tie_out"]
