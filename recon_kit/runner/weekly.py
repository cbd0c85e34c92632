"""The weekly page: the notebook of the weekly review, executed and exported as one page that stands alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

from recon_kit.params import SAMPLE_PARAMS, read_params
from recon_kit.policy import SettingsError
from recon_kit.runner.execute import execute
from recon_kit.runner.export import export_notebook
from recon_kit.runner.stages import Stage

REVIEW = Stage("weekly_review", "What is still open, and is it getting better?")
_PRIVATE_FILE = 0o600


def write_weekly_review(params: Path | None = None, as_of: str | None = None, out: Path | None = None) -> Path:
    """Execute the weekly review and write its page; no close is changed.

    Args:
        params: the params file whose ``closes_dir`` is meant; none: the embedded sample's.
        as_of: the last day looked at, ``YYYY-MM-DD``; overrides the params.
        out: the page; none: ``weekly_review.DAY.html`` in ``closes_dir``. One that is there is replaced.

    Returns:
        The page, readable by its owner only, as it names customers.

    Raises:
        SettingsError: the params cannot be used, or ``out`` is a folder.
        ControlBroken: a roll-forward does not tie.
        StageFailed: there is no close to look back on, or the notebook failed; the message says why.
    """
    settings = read_params(params, as_of=as_of)
    page = out.resolve() if out else settings.resolve(settings.closes_dir) / f"weekly_review.{settings.as_of}.html"
    if page.is_dir():
        raise SettingsError(f"--out: {page.name} is a folder. Name the HTML file to write.")
    given = {"params": str((params or SAMPLE_PARAMS).resolve()), "as_of": as_of}
    with tempfile.TemporaryDirectory() as place:
        executed = Path(place) / f"{REVIEW.name}.ipynb"
        execute(REVIEW, executed, given)
        export_notebook(executed, page, title=f"Weekly review of {settings.as_of:%-d %B %Y}", sign_off={}, index=None)
    page.chmod(_PRIVATE_FILE)
    return page
