"""Outputs: the files beside the manifest that people work with, written when the notebooks are done."""

from __future__ import annotations

from recon_kit.commands.review.exporting import write_review
from recon_kit.run import Run
from recon_kit.runner.alerts_file import write_alerts
from recon_kit.runner.corrections import write_corrections
from recon_kit.runner.gaps_workbook import write_gaps_workbook


def write_outputs(run: Run) -> None:
    """Write what a close hands to people, each a function of its manifest, its tables and its inputs.

    They are listed in ``pack.json``, not in the manifest: no figure rests on them.
    """
    write_review(run.folder)
    write_gaps_workbook(run)
    write_alerts(run.folder)
    write_corrections(run)
