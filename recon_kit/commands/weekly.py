"""The ``recon weekly`` command: the weekly review as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recon_kit.commands.ending import BROKEN_CONTROL, faults_in_words, shown, stop

OfCloses = Annotated[Path, typer.Option(help="params file whose closes_dir is meant")]
AsOf = Annotated[str | None, typer.Option(help="last day looked at, YYYY-MM-DD; overrides the params")]
Out = Annotated[Path | None, typer.Option(metavar="HTML", help="the page; default: in closes_dir, named by the day")]


def weekly(params: OfCloses, as_of: AsOf = None, out: Out = None) -> None:
    """Lay the closes side by side in one page: trends, and what is still open. Exit 0: done; 2: it does not tie."""
    from recon_kit.controls import ControlBroken
    from recon_kit.runner.weekly import write_weekly_review

    with faults_in_words():
        try:
            page = write_weekly_review(params, as_of, out)
        except ControlBroken as broken:
            stop(f"The weekly review does not tie.\n{broken}", BROKEN_CONTROL)
    typer.echo(f"The weekly review is in {shown(page)}")
