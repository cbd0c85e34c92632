"""The test world: a believable company with known faults, rendered as raw files together with the truth about them.

It shares no code with ``recon_kit`` but the verbs by which ``recon challenge`` spoils raw records: those belong to the
product, and ``plant_by_verb`` plants with them. What is true of the result is still an independent second opinion.
"""

from .catalogue import BY_VERB, FAULTS, HARD_NEGATIVES, ORDINARY
from .world import Truth, World, build_world

__all__ = ["BY_VERB", "FAULTS", "HARD_NEGATIVES", "ORDINARY", "Truth", "World", "build_world"]
