"""The ``recon sign`` and ``recon purge`` commands: what becomes of a close once it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recon_kit.commands.ending import BROKEN_CONTROL, faults_in_words, stop
from recon_kit.commands.options import OfJournal, OfParams

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="a finished close folder")]
By = Annotated[str, typer.Option(help="who signs: a person's name")]
Reason = Annotated[str | None, typer.Option(help="why what is carried forward may stay open")]
CarryForward = Annotated[
    list[str] | None, typer.Option(metavar="GAP_ID", help="a material gap that stays open knowingly; repeatable")
]
CarryAll = Annotated[bool, typer.Option("--carry-all", help="carry every open material gap forward")]
Before = Annotated[str, typer.Option(metavar="DATE", help="closes with an as-of before this day, YYYY-MM-DD")]
OfCloses = Annotated[Path | None, typer.Option(help="params file whose closes_dir is meant; default: the sample's")]
Closes = Annotated[Path | None, typer.Option(metavar="DIR", help="the folder of closes itself")]
Yes = Annotated[bool, typer.Option("--yes", help="delete; without it this only says what would go")]


def sign(
    folder: Folder,
    by: By,
    reason: Reason = None,
    *,
    carry_forward: CarryForward = None,
    carry_all: CarryAll = False,
    params: OfParams = None,
    journal: OfJournal = None,
) -> None:
    """Sign a close that ties; a later change voids the signature visibly. Exit 0: signed; 2: refused; 1: an error."""
    from recon_kit.commands.sign import NotSignable, Signing
    from recon_kit.commands.sign import sign as signed_close

    asked = Signing(folder, by, reason, tuple(carry_forward or ()), carry_all, params, journal)
    with faults_in_words():
        try:
            signature = signed_close(asked)
        except NotSignable as refused:
            stop(str(refused), BROKEN_CONTROL)
    carried = f", {len(signature.carried_forward)} gap(s) carried forward" if signature.carried_forward else ""
    typer.echo(f"Signed by {signature.said}{carried}. A re-run will stand beside it as .r2; `recon verify` checks it.")


def purge(before: Before, params: OfCloses = None, closes: Closes = None, *, yes: Yes = False) -> None:
    """Delete closes older than a day; manifest, pack list and signature of each stay. Exit 0: done; 1: an error."""
    from recon_kit.commands.purge import purge as delete_closes

    with faults_in_words():
        told = delete_closes(before, params=params, closes=closes, is_confirmed=yes)
    typer.echo("\n".join(told))
