"""The ``recon`` command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from recon_kit.commands.alert_command import alert
from recon_kit.commands.decide_command import decide
from recon_kit.commands.ending import BROKEN_CONTROL, ERROR, faults_in_words, shown, stop
from recon_kit.commands.keeping import purge, sign
from recon_kit.commands.restate_command import restate
from recon_kit.commands.review.command import review
from recon_kit.commands.weekly import weekly

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Prove every month that Salesforce, Stripe, the ledger and the bank tell one story.",
)


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
    pseudonymise: Annotated[bool, typer.Option("--pseudonymise", help="also make a pack without names")] = False,
) -> None:
    """Run the notebooks in order into one close folder. Exit 0: it ties; 2: a control breaks; 1: an error."""
    from recon_kit.artifacts import CloseFolder
    from recon_kit.commands.alert.after_close import close_and_alert
    from recon_kit.controls import ControlBroken
    from recon_kit.runner.close import Request
    from recon_kit.runner.superseding import signed_before

    rooms = tuple(room.strip() for room in only.split(",")) if only else ()
    asked = Request(params=params, as_of=as_of, out=out, only=rooms, progress=progress, pseudonymise=pseudonymise)
    with faults_in_words():
        try:
            folder = close_and_alert(asked, lambda line: typer.echo(line, err=True))
        except ControlBroken as broken:
            stop(f"The close does not tie.\n{broken}", BROKEN_CONTROL)
    if not CloseFolder(folder).is_finished:
        typer.echo(f"{', '.join(rooms)} ran and ties; what they wrote lies in {shown(folder)}. It is no close yet.")
        typer.echo("The next run begins anew: leave --only out for the whole close.")
        return
    typer.echo(f"The close ties. Open {shown(folder / 'html' / 'index.html')}")
    if signed := signed_before(folder):
        typer.echo(f"{signed.name} is signed and stays as it is; the first page says what differs from it.")
    if pseudonymise:
        typer.echo(f"Without names: {shown(folder.with_name(f'{folder.name}.pseudonymised') / 'html' / 'index.html')}")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="a folder of exports")],
    out: Annotated[Path | None, typer.Option(help="the params file to write; default: FOLDER/params.yaml")] = None,
    as_of: Annotated[str | None, typer.Option(help="day of the close, YYYY-MM-DD; default: told from the data")] = None,
) -> None:
    """Propose a params file for a folder of exports. Exit 0: a close would accept it; 1: something is missing."""
    from recon_kit.commands.init import init as propose_params
    from recon_kit.commands.init import summary

    with faults_in_words():
        proposal, written = propose_params(folder, out, as_of)
    typer.echo(summary(proposal, Path(shown(written))))
    if not proposal.is_complete:
        raise typer.Exit(ERROR)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="a close folder")],
    *,
    reperform: Annotated[bool, typer.Option(help="also run it again from its raw snapshot")] = True,
) -> None:
    """Re-hash a close against its manifest and re-perform it. Exit 0: all holds; 2: something differs; 1: an error."""
    from recon_kit.commands.verify import can_be_reperformed, signature_told
    from recon_kit.commands.verify import verify as find_differences

    with faults_in_words():
        findings = find_differences(folder, reperform=reperform, progress=sys.stderr.isatty())
    if findings:
        lines = "\n".join(f"  - {finding.file}: {finding.message}" for finding in findings)
        stop(f"{len(findings)} thing(s) differ:\n{lines}", BROKEN_CONTROL)
    done = "files and re-performed tables" if reperform and can_be_reperformed(folder) else "files"
    typer.echo(f"Verified: every digest agrees ({done}).{signature_told(folder)}")


@app.command()
def explain(
    record_id: Annotated[str, typer.Argument(metavar="ID", help="account, opportunity, subscription, customer or gap")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a close folder")],
) -> None:
    """Say why a record is, or is not, a gap: link, pairing rule, MRR worked line by line."""
    from recon_kit.commands.explain import explain as sentences_about

    with faults_in_words():
        sentences = sentences_about(record_id, folder)
    typer.echo("\n".join(sentences))


@app.command()
def doctor(params: Annotated[Path, typer.Option(help="YAML file of the run")]) -> None:
    """Check the set-up without writing anything. Exit 0: a close can start; 1: a line says what to do first."""
    from recon_kit.commands.doctor import examine

    faults = 0
    with faults_in_words():
        for finding in examine(params):
            typer.echo(str(finding))
            faults += finding.is_fault
    if faults:
        stop(f"{faults} thing(s) to do before a close; each line says what.", ERROR)
    typer.echo("All is set up.")


evaluate = typer.Typer(no_args_is_help=True, help="Measure what the kit claims, on labels of your own.")
app.add_typer(evaluate, name="evaluate")


@evaluate.command("links")
def evaluate_links(
    truth: Annotated[Path, typer.Option(metavar="FILE", help="CSV: customer_id, account_id (empty: none), slices")],
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="a close folder; default: the newest")] = None,
    params: Annotated[Path | None, typer.Option(help="params file whose newest close is meant")] = None,
    precision: Annotated[float, typer.Option(help="wanted of linked, for --choose-cutoffs")] = 0.99,
    *,
    without_ids: Annotated[
        bool, typer.Option("--without-ids", help="link as if no id and no decision were known")
    ] = False,
    complete: Annotated[bool, typer.Option("--complete", help="customers not in FILE have no account")] = False,
    choose_cutoffs: Annotated[
        bool, typer.Option("--choose-cutoffs", help="propose auto_link and review_floor")
    ] = False,
) -> None:
    """Measure the links of a close against labels, beside simple baselines. Exit 1: FILE or DIR cannot be used."""
    from recon_kit.commands.evaluate import Asked
    from recon_kit.commands.evaluate import evaluate_links as measured_links

    wanted = precision if choose_cutoffs else None
    with faults_in_words():
        told = measured_links(Asked(truth, folder, params, without_ids, complete, wanted))
    typer.echo("\n".join(told))


@app.command()
def challenge(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a finished close folder")],
    seed: Annotated[int, typer.Option(help="which accounts carry which errors follows from it")] = 0,
    per_class: Annotated[int, typer.Option(min=1, help="errors of each class and magnitude")] = 1,
    closes: Annotated[int, typer.Option(min=1, help="re-run the close at most so often")] = 30,
    out: Annotated[Path | None, typer.Option(help="folder of the report; default: DIR.challenge")] = None,
) -> None:
    """Plant known errors in copies of a close's raw data and run it again. Exit 0: all found, nothing else; 2: not."""
    from recon_kit.commands import challenge as challenging

    place = out or folder.resolve().with_name(f"{folder.resolve().name}.challenge")
    with faults_in_words():
        found = challenging.challenge(
            challenging.Asked(folder, seed, per_class, closes), lambda told: typer.echo(told, err=True)
        )
        challenging.write_report(found, place)
    typer.echo("\n".join(challenging.as_text(found)))
    typer.echo(f"The report is in {shown(place / 'challenge.html')}")
    if not found.holds:
        raise typer.Exit(BROKEN_CONTROL)


app.command()(sign)
app.command()(purge)
app.add_typer(decide, name="decide")
app.add_typer(review, name="review")
app.command()(weekly)
app.command()(restate)
app.command()(alert)
