"""The ``recon alert`` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recon_kit.commands.ending import ERROR, faults_in_words

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="a close folder, or what a close that stopped left")]
OfRoutes = Annotated[
    Path | None, typer.Option(help="params file whose routes and closes_dir count; default: those of the close")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would be sent; send and write nothing")]


def alert(folder: Folder, params: OfRoutes = None, *, dry_run: DryRun = False) -> None:
    """Send the alerts of a close that are news, each once to each route. Exit 0: done; 1: something is undelivered."""
    from recon_kit.commands.alert import Asked, deliver, told

    asked = Asked(folder, params, dry_run)
    with faults_in_words():
        outcome = deliver(asked)
    typer.echo("\n".join(told(outcome, dry_run=dry_run)))
    if outcome.undelivered:
        raise typer.Exit(ERROR)
