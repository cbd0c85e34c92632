"""Execute one notebook with papermill, headless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
import papermill
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from recon_kit.artifacts import PARTIAL
from recon_kit.controls import ControlBroken
from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from recon_kit.runner.stages import Stage

KERNEL = "python3"
CELL_TIMEOUT_SECONDS = 6 * 60 * 60


class _SavedOnce(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """Save the notebook when it ends, also by a fault.

    Papermill's own engine saves it before and after every cell, which takes longer than most cells do.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **given: Any) -> None:  # noqa: ANN401
        target, nb_man.output_path = nb_man.output_path, None
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **given)
        finally:
            nb_man.output_path = target
            nb_man.save()


_ENGINE = "saved once"
papermill_engines.register(_ENGINE, _SavedOnce)


class StageFailed(RuntimeError):  # noqa: N818
    """A notebook did not run to its end."""


def execute(stage: Stage, target: Path, parameters: Mapping[str, object]) -> None:
    """Run a notebook and save what it gave under ``target``, a name it gets only when it ran to its end.

    Raises:
        SettingsError: a parameter is not declared by the notebook.
        ControlBroken: a control of the notebook does not tie.
        StageFailed: anything else; the message holds the error in the notebook's own words.
    """
    refuse_unknown_parameters(stage.path, parameters)
    running = target.with_name(target.stem + PARTIAL + target.suffix)
    config = Config()
    config.KernelManager.transport_encryption = "auto"
    # A kernel is interrupted before it is shut down and calls that an error; what a cell raises is told by papermill.
    config.NotebookClient.extra_arguments = ["--IPKernelApp.log_level=50"]
    try:
        _run(stage, running, parameters, config)
    except PapermillExecutionError as fault:
        if fault.ename == ControlBroken.__name__:
            raise ControlBroken(fault.evalue) from fault
        message = f"{stage.name} stopped: {fault.ename}: {fault.evalue}"
        raise StageFailed(message) from fault
    running.replace(target)


def _run(stage: Stage, running: Path, parameters: Mapping[str, object], config: Config) -> None:
    run: Callable[..., object] = papermill.execute_notebook
    try:
        run(
            str(stage.path),
            str(running),
            parameters=dict(parameters),
            kernel_name=KERNEL,
            engine_name=_ENGINE,
            progress_bar=False,
            execution_timeout=CELL_TIMEOUT_SECONDS,
            config=config,
        )
    except PapermillExecutionError:
        raise
    except Exception as fault:
        message = f"{stage.name} stopped: {type(fault).__name__}: {fault}"
        raise StageFailed(message) from fault


def execute_here(stage: Stage, parameters: Mapping[str, object]) -> None:
    """Run a notebook's code cells in this process: the same tables in a third of the time, and no record of the run.

    For re-runs of which only the tables are wanted; a close is made by :func:`execute`.

    Raises:
        SettingsError: a parameter is not declared by the notebook.
        Exception: whatever a cell raises, such as ``ControlBroken``.
    """
    refuse_unknown_parameters(stage.path, parameters)
    notebook = nbformat.read(stage.path, as_version=4)  # type: ignore[no-untyped-call]
    namespace: dict[str, object] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        exec(compile(cell.source, stage.path.name, "exec"), namespace)  # noqa: S102  (the kit's own notebook)
        if "parameters" in cell.metadata.get("tags", []):
            namespace.update(parameters)


def refuse_unknown_parameters(notebook: Path, parameters: Mapping[str, object]) -> None:
    """Stop when a parameter is not one the notebook declares; papermill itself would only warn.

    Raises:
        SettingsError: names the unknown parameter and those declared.
    """
    declared = papermill.inspect_notebook(str(notebook))
    unknown = sorted(set(parameters) - set(declared))
    if unknown:
        message = f"{notebook.stem} has no parameter {', '.join(unknown)}. It has: {', '.join(sorted(declared))}."
        raise SettingsError(message)
