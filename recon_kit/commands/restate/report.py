"""The report of a restatement: for the terminal, as CSV for Excel, and as a page that needs no network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from recon_kit import money, tables
from recon_kit.artifacts import write_atomically
from recon_kit.commands.restate.figures import BRIDGE, GAP, NUMBER, TOTAL
from recon_kit.commands.restate.parts import Restatement
from recon_kit.commands.restate.proof import ties
from recon_kit.commands.restate.told import NAMES, parts_told, remarks
from recon_kit.controls import controls_frame
from recon_kit.policy import SettingsError
from recon_kit.runner.export import TEMPLATES
from recon_kit.runner.self_contained import content_policy, require_self_contained, stylesheet
from recon_kit.tables import panel
from recon_kit.workbook import plain

PAGE, SHEET = ".html", ".csv"
_GAPS_IN_TERMINAL = 20
_NONE = "–"
_MEASURES = {"number": "Open", "impact": "Impact while open", "a month": "Difference a month"}


def usable_place(out: Path, closes: Iterable[Path]) -> Path:
    """Refuse, before anything is run, a place where the report cannot be written.

    Raises:
        SettingsError: its ending is neither ``.html`` nor ``.csv``, it is a folder, or it lies in a close.
    """
    place = out.resolve()
    if place.suffix.lower() not in {PAGE, SHEET}:
        raise SettingsError(f"--out: {out.name} ends neither in {PAGE} nor in {SHEET}; the ending says what to write.")
    if place.is_dir():
        raise SettingsError(f"--out: {out} is a folder. Name a file, such as {out / 'restatement.html'}.")
    inside = [close.name for close in closes if place.is_relative_to(close.resolve())]
    if inside:
        raise SettingsError(f"--out: {out} lies in the close {inside[0]}, which must not change. Name another place.")
    return place


def write_report(found: Restatement, place: Path) -> None:
    """Write the report as the ending of its name says: a page, or a CSV of all figures in major units."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.suffix.lower() == SHEET:
        write_atomically(place, as_csv(found).encode("utf-8-sig"))
        return
    page = as_page(found)
    require_self_contained(page, panel.script())
    write_atomically(place, page.encode())


def _numbers(found: Restatement) -> list[str]:
    return ["old", *found.parts, "new", "change"]


def _written(columns: Sequence[str], *, separator: str) -> list[pl.Expr]:
    """Write amounts with the decimals of their currency and counts as whole numbers."""
    return [
        pl.when(pl.col("measure") == NUMBER)
        .then(money.format_minor(pl.col(name), pl.lit("JPY")))
        .otherwise(money.format_minor(pl.col(name), pl.col("currency")))
        .str.replace_all(",", separator, literal=True)
        .alias(name)
        for name in columns
    ]


def _told_gaps(found: Restatement) -> pl.DataFrame:
    """The figures of gaps that some part changed, with a row for each measure that some part changed."""
    moved = pl.any_horizontal((pl.col(part) != 0).fill_null(value=False) for part in found.parts)
    mine = found.figures.filter((pl.col("section") == GAP) & moved)
    return mine.rename({"id": "gap_id"}).join(found.gaps, on="gap_id", how="inner", validate="m:1")


def _by(parts: pl.Expr) -> pl.Expr:
    names = {part: name.lower() for part, name in NAMES.items()}
    return parts.list.eval(pl.element().replace(names)).list.join(", ")


# -- terminal ----------------------------------------------------------------------------------------


def as_text(found: Restatement) -> list[str]:
    """Write what the terminal shows: the table of figures, what each part is, and the gaps that differ."""
    return [
        f"Why the figures of {found.old.name} are not those of {found.new.name} (as of {found.as_of})",
        "",
        *_figure_lines(found),
        "",
        *(f"{NAMES[part]}: {' '.join(told)}" for part, told in parts_told(found).items()),
        *(f"Note: {told}" for told in remarks(found)),
        "",
        *_gap_lines(found),
        _verdict(found),
    ]


def _figure_lines(found: Restatement) -> list[str]:
    columns = _numbers(found)
    shown = found.figures.filter(pl.col("section") != GAP).select(
        pl.concat_str(pl.when(pl.col("section") == BRIDGE).then(pl.lit("  ")).otherwise(pl.lit("")), "label"),
        pl.col("currency"),
        *_written(columns, separator=","),
    )
    heads = ["Figure", "", *(NAMES.get(name, name.capitalize()) for name in columns)]
    rows = [heads, *([cell if cell is not None else _NONE for cell in row] for row in shown.rows())]
    widths = [max(len(row[place]) for row in rows) for place in range(len(heads))]
    return [
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)  # noqa: PLR2004  (texts, then numbers)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def headlines(found: Restatement) -> list[str]:
    """Say of each total that changed from what to what, and which parts did it."""
    changed = found.figures.filter(pl.col("section") == TOTAL, pl.any_horizontal(pl.col(found.parts).fill_null(0) != 0))
    told = changed.with_columns(_written(_numbers(found), separator=","))
    return [_headline(found.parts, *rows) for rows in zip(told.to_dicts(), changed.to_dicts(), strict=True)]


def _headline(parts: Sequence[str], told: dict[str, str], amounts: dict[str, int]) -> str:
    by = ", ".join(f"{NAMES[part].lower()} {told[part]}" for part in parts if amounts[part])
    currency = f" {told['currency']}" if told["currency"] else ""
    return f"{told['label']}: {told['old']} → {told['new']}{currency} ({told['change']}): {by}."


def _gap_lines(found: Restatement) -> list[str]:
    if found.gaps.is_empty():
        return ["No gap differs."]
    shown = found.gaps.with_columns(by=_by(pl.col("changed_by"))).head(_GAPS_IN_TERMINAL)
    lines = [
        f"  {row['gap_id']}  {row['whose']}: {row['before']} → {row['after']}; by {row['by']}"
        for row in shown.iter_rows(named=True)
    ]
    more = (
        [f"  and {found.gaps.height - shown.height} more; --out tells all"] if found.gaps.height > shown.height else []
    )
    return [f"{tables.count(found.gaps.height, 'gap differs', 'gaps differ')}:", *lines, *more]


def _verdict(found: Restatement) -> str:
    broken = _broken(found)
    if broken:
        return f"These equations do not hold: {', '.join(broken)}."
    return f"The parts of all {found.figures.height:,} figures sum to their change."


def _broken(found: Restatement) -> list[str]:
    return [one.control_id for one in ties(found.figures, found.parts) if not one.passes]


# -- files -------------------------------------------------------------------------------------------


def as_csv(found: Restatement) -> str:
    """Write all figures as CSV.

    Returns:
        One line per figure and per changed gap's measure: ``section``, ``id``, ``figure``, ``measure``, ``currency``,
        ``old``, the six parts, ``new``, ``change`` (amounts in major units, a part that stands in the next one empty),
        and of gaps how they stood ``before`` and ``after`` and what they were ``changed_by``. No cell is a formula.
    """
    numbers = [
        name for name in found.figures.columns if name not in {"section", "id", "measure", "currency", "label", "place"}
    ]
    gaps = found.gaps.with_columns(changed_by=_by(pl.col("changed_by"))).drop("whose")
    rows = found.figures.filter(pl.col("section") != GAP).join(
        gaps, left_on="id", right_on="gap_id", how="left", validate="m:1"
    )
    of_gaps = found.figures.join(gaps, left_on="id", right_on="gap_id", how="inner", validate="m:1")
    texts = [pl.col(name).map_elements(plain, return_dtype=pl.String) for name in ("id", "label", "before", "after")]
    both = pl.concat([rows, of_gaps]).with_columns(*_written(numbers, separator=""), *texts)
    named = both.select("section", "id", pl.col("label").alias("figure"), "measure", "currency", *numbers, "before",
                        "after", "changed_by")  # fmt: skip
    return named.write_csv()


def as_page(found: Restatement) -> str:
    """Write the page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template("restate.html.j2").render(
        found=found,
        names=NAMES,
        told=parts_told(found),
        headlines=headlines(found),
        verdict=_verdict(found),
        holds=not _broken(found),
        remarks=remarks(found),
        policy=content_policy(panel.script()),
        style=f"{stylesheet()}\n{panel.style()}",
        script=panel.script(),
        **{name: shown.html for name, shown in _tables(found).items()},
    )


def _tables(found: Restatement) -> dict[str, tables.Panel]:
    numbers = _numbers(found)
    labels = {name: NAMES.get(name, name.capitalize()) for name in numbers}
    above = found.figures.filter(pl.col("section") != GAP)
    counts, amounts = above.filter(pl.col("measure") == NUMBER), above.filter(pl.col("measure") != NUMBER)
    money_in = dict.fromkeys(numbers, "currency")
    labelled = labels | {"label": "Figure"}
    gaps = found.gaps.with_columns(changed_by=_by(pl.col("changed_by")))
    of_gaps = _told_gaps(found).filter(pl.col("measure") != NUMBER).with_columns(pl.col("measure").replace(_MEASURES))
    controls = controls_frame(ties(found.figures, found.parts))
    return {
        "counts": tables.show(counts, title="How many gaps", columns=["label", *numbers], labels=labelled),
        "totals": tables.show(
            amounts.filter(pl.col("section") == TOTAL), title="Money", columns=["label", *numbers], money=money_in,
            labels=labelled,
        ),
        "bridge": tables.show(
            amounts.filter(pl.col("section") == BRIDGE), title="Lines of the bridge", columns=["label", *numbers],
            empty="Neither close has one.", money=money_in, labels=labelled,
        ),
        "gaps": tables.show(
            gaps, title="Gaps that differ", columns=["whose", "before", "after", "changed_by", "gap_id"],
            labels={"whose": "Account or customer", "gap_id": "Gap"}, empty="No gap differs.", limit=2000,
        ),
        "gap_parts": tables.show(
            of_gaps, title="Their parts", columns=["label", "measure", *numbers, "gap_id"], empty="No amount differs.",
            limit=4000, money=money_in,
            labels=labels | {"label": "Account or customer", "measure": "Amount", "gap_id": "Gap"},
        ),
        "fields": tables.show(
            found.fields, title="Fields of edited records", columns=["object", "key", "fields", "source"],
            labels={"key": "Record", "fields": "What differs"}, empty="No record was edited.",
        ),
        "tie_outs": tables.tie_out(controls, "Do the parts leave nothing over?"),
    }  # fmt: skip
