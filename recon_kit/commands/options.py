"""Options: the ones that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

OfParams = Annotated[Path | None, typer.Option(help="params file that names the journal; default: that of the close")]
OfJournal = Annotated[Path | None, typer.Option(help="the journal itself; default: `decisions` of the params")]
