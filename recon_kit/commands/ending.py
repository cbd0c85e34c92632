"""Ending: how a command stops: its exit codes, and words instead of a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

ERROR, BROKEN_CONTROL = 1, 2
_SAYS_ALL = {"SettingsError", "SchemaError", "StageFailed", "FinishedClose", "MissingTable"}


def in_words(fault: Exception) -> str:
    """Tell a fault to a user; one whose message does not say all is named, too."""
    kinds = {kind.__name__ for kind in type(fault).__mro__}
    return str(fault) if kinds & _SAYS_ALL else f"{type(fault).__name__}: {fault}"


def shown(path: Path) -> str:
    """Write a path as short as it can be from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def stop(message: str, code: int) -> NoReturn:
    """Print a message and end with an exit code."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


@contextmanager
def faults_in_words() -> Iterator[None]:
    """End with 1 and the words of whatever fault comes up, never with a traceback."""
    try:
        yield
    except typer.Exit:
        raise
    except Exception as fault:  # noqa: BLE001  (a user sees words)
        stop(in_words(fault), ERROR)
