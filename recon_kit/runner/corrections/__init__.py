"""Proposed corrections: what was decided, as files for Data Loader and lists of what to do by hand; nothing is sent."""

from recon_kit.runner.corrections.proposals import Corrections, propose_corrections
from recon_kit.runner.corrections.writing import FOLDER, write_corrections

__all__ = ["FOLDER", "Corrections", "propose_corrections", "write_corrections"]
