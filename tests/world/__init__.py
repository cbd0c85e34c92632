"""The test world: a believable company with known faults, rendered as raw files together with the truth about them.

It shares no code with ``recon_kit``: what it says is an independent second opinion.
"""

from .catalogue import FAULTS, HARD_NEGATIVES, ORDINARY
from .world import Truth, World, build_world

__all__ = ["FAULTS", "HARD_NEGATIVES", "ORDINARY", "Truth", "World", "build_world"]
