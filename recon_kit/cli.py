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
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="a folder of exports")],
    out: Annotated[Path | None, typer.Option(help="the params file to write; default: FOLDER/params.yaml")] = None,
    as_of: Annotated[str | None, typer.Option(help="day of the close, YYYY-MM-DD; default: told from the data")] = None,
) -> None:
    """Propose a params file for a folder of exports. Exit 0: a close would accept it; 1: something is missing."""
    from recon_kit.commands.init import init as propose_params
    from recon_kit.commands.init import summary

    try:
        proposal, written = propose_params(folder, out, as_of)
    except Exception as fault:  # noqa: BLE001
        _stop(_in_words(fault), ERROR)
    typer.echo(summary(proposal, Path(_shown(written))))
    if not proposal.is_complete:
        raise typer.Exit(ERROR)


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


decide = typer.Typer(
    no_args_is_help=True,
    help="Record what a person decided; the next close reads it. Needs `decisions:` in the params, or --journal.",
)
app.add_typer(decide, name="decide")

By = Annotated[str, typer.Option(help="who decides: a person's name")]
Reason = Annotated[str, typer.Option(help="why, in a sentence")]
OfClose = Annotated[Path, typer.Option("--close", metavar="DIR", help="the finished close that was looked at")]
OfParams = Annotated[Path | None, typer.Option(help="params file that names the journal; default: that of the close")]
OfJournal = Annotated[Path | None, typer.Option(help="the journal itself; default: `decisions` of the params")]


@decide.command("link")
def decide_link(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Stripe customer id")],
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Salesforce account id, 15 or 18 characters")],
    by: By,
    reason: Reason,
    close: OfClose,
    *,
    confirm: Annotated[bool, typer.Option("--confirm", help="they are one: link them")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="they are not: do not propose this pair again")] = False,
    unsure: Annotated[bool, typer.Option("--unsure", help="cannot tell: keep it in review")] = False,
    params: OfParams = None,
    journal: OfJournal = None,
) -> None:
    """Decide whether a Stripe customer is a Salesforce account: exactly one of --confirm, --reject, --unsure.

    It holds until a name, address, e-mail or id of either changes; then it lapses, and the next close says so.
    """
    from recon_kit.commands import decide as deciding

    try:
        chosen = deciding.one_of(confirm=confirm, reject=reject, unsure=unsure)
        told = deciding.decide_link(customer, account, deciding.Deciding(chosen, by, reason, close, params, journal))
    except Exception as fault:  # noqa: BLE001
        _stop(_in_words(fault), ERROR)
    typer.echo("\n".join(told))


@decide.command("gap")
def decide_gap(
    gap_id: Annotated[str, typer.Argument(metavar="GAP_ID", help="such as gap_3f2a…, on page 4 of the close")],
    by: By,
    reason: Reason,
    close: OfClose,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="it is a gap: correct it as suggested")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="it is none: both systems may differ here")] = False,
    resolved: Annotated[bool, typer.Option("--resolved", help="it was corrected; records will show it")] = False,
    needs_info: Annotated[bool, typer.Option("--needs-info", help="ask somebody first; it stays open")] = False,
    params: OfParams = None,
    journal: OfJournal = None,
) -> None:
    """Decide on a gap: exactly one of --accept, --reject, --resolved, --needs-info.

    It holds until an amount, a date or a record of the gap changes; then it lapses, and the next close says so.
    """
    from recon_kit.commands import decide as deciding

    try:
        chosen = deciding.one_of(accept=accept, reject=reject, resolved=resolved, needs_info=needs_info)
        told = deciding.decide_gap(gap_id, deciding.Deciding(chosen, by, reason, close, params, journal))
    except Exception as fault:  # noqa: BLE001
        _stop(_in_words(fault), ERROR)
    typer.echo("\n".join(told))


@decide.command("list")
def decide_list(params: OfParams = None, journal: OfJournal = None) -> None:
    """Verify a journal and tell every decision in it, oldest first. Exit 1: a line was changed; says which."""
    from recon_kit.commands import decide as deciding

    try:
        told = deciding.listed_decisions(deciding.journal_of(None, params, journal))
    except Exception as fault:  # noqa: BLE001
        _stop(_in_words(fault), ERROR)
    typer.echo("\n".join(told))


@decide.command("repair")
def decide_repair(params: OfParams = None, journal: OfJournal = None) -> None:
    """After an interrupted run: set a half-written last line aside and bring the head up to date; nothing else."""
    from recon_kit.commands import decide as deciding

    try:
        told = deciding.repaired(deciding.journal_of(None, params, journal))
    except Exception as fault:  # noqa: BLE001
        _stop(_in_words(fault), ERROR)
    typer.echo(told)


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
    try:
        told = measured_links(Asked(truth, folder, params, without_ids, complete, wanted))
    except Exception as fault:  # noqa: BLE001
        _stop(_in_words(fault), ERROR)
    typer.echo("\n".join(told))


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
