"""The ``recon restate`` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recon_kit.commands.ending import faults_in_words, shown

Old = Annotated[Path, typer.Argument(metavar="OLD", help="the close whose figures changed")]
New = Annotated[Path, typer.Argument(metavar="NEW", help="the close of the same day that it became")]
Out = Annotated[Path | None, typer.Option(metavar="FILE", help="also write it: .html, a page; .csv, all figures")]
Progress = Annotated[bool, typer.Option(help="show the progress bar")]


def restate(old: Old, new: New, out: Out = None, *, progress: Progress = True) -> None:
    """Explain why a closed month's figures changed, part by part; the parts sum to the change. Exit 1: an error."""
    from tqdm import tqdm

    from recon_kit.commands import restate as restating

    with faults_in_words():
        place = restating.usable_place(out, (old, new)) if out else None
        with tqdm(total=len(restating.PARTS), desc="restate", unit="part", disable=None if progress else True) as bar:
            found = restating.restate(old, new, lambda _: bar.update())
        if place:
            restating.write_report(found, place)
        told = restating.as_text(found)
    typer.echo("\n".join(told))
    if place:
        typer.echo(f"The report is in {shown(place)}")
