"""After a close: send its alerts when an address is set; a close that stopped reading the systems tells so, too."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from recon_kit.artifacts import CloseFolder
from recon_kit.commands.alert.delivery import Asked, deliver
from recon_kit.commands.alert.told import told
from recon_kit.commands.ending import in_words
from recon_kit.params import SAMPLE_PARAMS, read_params
from recon_kit.runner.close import Request, run_close


def close_and_alert(request: Request, say: Callable[[str], object]) -> Path:
    """Run a close, then send its alerts; nothing is sent, or said, where no route has an address.

    A failed delivery never makes a finished close fail: it is said, kept, and tried again by the next run.

    Args:
        request: the close.
        say: is told, line by line, what was sent and what was not.

    Returns:
        The close folder.

    Raises:
        Exception: whatever :func:`recon_kit.runner.close.run_close` raises, after its alerts were sent.
    """
    folder = run_close(dataclasses.replace(request, on_stopped=lambda left: _send(left, request, say)))
    if CloseFolder(folder).is_finished:
        _send(folder, request, say)
    return folder


def _send(folder: Path, request: Request, say: Callable[[str], object]) -> None:
    try:
        settings = read_params(request.params, as_of=request.as_of)
        outcome = deliver(Asked(folder, request.params or SAMPLE_PARAMS, as_of=settings.as_of))
    except Exception as fault:  # noqa: BLE001  (the close stands, or has a fault of its own to tell)
        say(f"The alerts were not sent: {in_words(fault)}")
        return
    for line in told(outcome) if outcome.reached or outcome.unknown_routes else []:
        say(line)
