"""Extract: what does each system say, and did we get all of it?"""

from recon_kit.extract.control_totals import count_sources
from recon_kit.extract.exports import exported_ties
from recon_kit.extract.hand_made import exported_lines, untestable
from recon_kit.extract.inputs import copy_inputs
from recon_kit.extract.pull_raw import pull_raw
from recon_kit.extract.pull_record import pull_records
from recon_kit.extract.pull_report import (
    IncompleteExtract,
    dead_letters,
    incomplete_parts,
    pulled_objects,
    pulls_told,
    remarks,
    require_complete,
)
from recon_kit.extract.raw_copy import copy_raw
from recon_kit.extract.report import completeness, missing_files, require_reach

__all__ = [
    "IncompleteExtract",
    "completeness",
    "copy_inputs",
    "copy_raw",
    "count_sources",
    "dead_letters",
    "exported_lines",
    "exported_ties",
    "incomplete_parts",
    "missing_files",
    "pull_raw",
    "pull_records",
    "pulled_objects",
    "pulls_told",
    "remarks",
    "require_complete",
    "require_reach",
    "untestable",
]
