"""The ``recon`` command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Prove every month that Salesforce, Stripe, the ledger and the bank tell one story.",
)

ERROR, BROKEN_CONTROL = 1, 2


def main() -> None:
    """Run the command line; a wrong option ends with 1, since 2 tells a scheduler that a control broke."""
    try:
        code = app(standalone_mode=False)
    except Exception as fault:
        if not hasattr(fault, "show"):
            raise
        fault.show()
        code = ERROR
    sys.exit(code if isinstance(code, int) else 0)


@app.callback()
def recon() -> None:
    """Prove every month that Salesforce, Stripe, the ledger and the bank tell one story."""


@app.command()
def close(
    params: Annotated[Path, typer.Option(help="YAML file of the run")],
    as_of: Annotated[str | None, typer.Option(help="day of the close, YYYY-MM-DD; overrides the params")] = None,
    out: Annotated[Path | None, typer.Option(help="the close folder itself; default: closes_dir/as_of")] = None,
    only: Annotated[str | None, typer.Option(help="rooms to run, such as resolve,gaps")] = None,
    *,
    progress: Annotated[bool, typer.Option(help="show the progress bar")] = True,
) -> None:
    """Run the notebooks in order into one close folder. Exit 0: it ties; 2: a control breaks; 1: an error."""
    from recon_kit.controls import ControlBroken
    from recon_kit.runner.close import Request, run_close

    rooms = tuple(room.strip() for room in only.split(",")) if only else ()
    try:
        folder = run_close(Request(params=params, as_of=as_of, out=out, only=rooms, progress=progress))
    except ControlBroken as broken:
        _stop(f"The close does not tie.\n{broken}", BROKEN_CONTROL)
    except Exception as fault:  # noqa: BLE001  (a user sees words, never a traceback)
        _stop(_in_words(fault), ERROR)
    typer.echo(f"The close ties. Open {_shown(folder / 'html' / 'index.html')}")


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="a close folder")],
    *,
    reperform: Annotated[bool, typer.Option(help="also run it again from its raw snapshot")] = True,
) -> None:
    """Re-hash a close against its manifest and re-perform it. Exit 0: all holds; 2: something differs; 1: an error."""
    from recon_kit.commands.verify import verify as find_differences

    try:
        findings = find_differences(folder, reperform=reperform, progress=sys.stderr.isatty())
    except Exception as fault:  # noqa: BLE001
        _stop(_in_words(fault), ERROR)
    if findings:
        lines = "\n".join(f"  - {finding.file}: {finding.message}" for finding in findings)
        _stop(f"{len(findings)} thing(s) differ:\n{lines}", BROKEN_CONTROL)
    done = "files and re-performed tables" if reperform else "files"
    typer.echo(f"Verified: every digest agrees ({done}).")


@app.command()
def explain(
    record_id: Annotated[str, typer.Argument(metavar="ID", help="account, opportunity, subscription, customer or gap")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a close folder")],
) -> None:
    """Say why a record is, or is not, a gap: link, pairing rule, MRR worked line by line."""
    from recon_kit.commands.explain import explain as sentences_about

    try:
        sentences = sentences_about(record_id, folder)
    except Exception as fault:  # noqa: BLE001
        _stop(_in_words(fault), ERROR)
    typer.echo("\n".join(sentences))


def _in_words(fault: Exception) -> str:
    known = {"SettingsError", "SchemaError", "StageFailed", "FinishedClose", "MissingTable"}
    name = type(fault).__name__
    return str(fault) if name in known else f"{name}: {fault}"


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _stop(message: str, code: int) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(code)
