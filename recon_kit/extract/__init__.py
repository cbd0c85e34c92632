"""Extract: what does each system say, and did we get all of it?"""

from recon_kit.extract.control_totals import count_sources
from recon_kit.extract.exports import exported_ties
from recon_kit.extract.hand_made import exported_lines, untestable
from recon_kit.extract.inputs import copy_inputs
from recon_kit.extract.raw_copy import copy_raw
from recon_kit.extract.report import completeness, missing_files, require_reach

__all__ = [
    "completeness",
    "copy_inputs",
    "copy_raw",
    "count_sources",
    "exported_lines",
    "exported_ties",
    "missing_files",
    "require_reach",
    "untestable",
]
