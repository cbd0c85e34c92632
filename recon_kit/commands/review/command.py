"""The ``recon review`` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recon_kit.commands.ending import faults_in_words
from recon_kit.commands.options import OfJournal, OfParams

review = typer.Typer(no_args_is_help=True, help="The decisions that wait for a person: a workbook out, and back in.")

Out = Annotated[Path | None, typer.Option(metavar="FILE", help="the workbook; default: ./review-<close>.xlsx")]
Partial = Annotated[bool, typer.Option("--partial", help="import the rows that are understood though others are not")]
OfClose = Annotated[Path | None, typer.Option("--close", metavar="DIR", help="default: the one the workbook names")]


@review.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a finished close folder")], out: Out = None
) -> None:
    """Write the links in review and the open gaps of a close as a workbook to fill."""
    from recon_kit.commands.review.exporting import export_review

    with faults_in_words():
        told = export_review(folder, out)
    typer.echo("\n".join(told))


@review.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a filled workbook")],
    *,
    partial: Partial = False,
    close: OfClose = None,
    params: OfParams = None,
    journal: OfJournal = None,
) -> None:
    """Append the decisions of a filled workbook to the journal. Exit 1: a row is not understood; none is imported."""
    from recon_kit.commands.review.importing import Importing, import_review

    with faults_in_words():
        told = import_review(Importing(file, partial=partial, close=close, params=params, journal=journal))
    typer.echo("\n".join(told))
