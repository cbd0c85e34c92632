"""Run notebooks and store their outputs in them, with nothing else changed: no times, no version of Python."""

import copy
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def store_outputs(file: Path) -> None:
    """Run one notebook from its own folder, as JupyterLab and nbval do, and write it back."""
    notebook = nbformat.read(file, as_version=4)
    metadata = copy.deepcopy(notebook.metadata)
    runner = NotebookClient(notebook, timeout=120, record_timing=False, resources={"metadata": {"path": file.parent}})
    runner.execute()
    notebook.metadata = metadata
    nbformat.write(notebook, file)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        store_outputs(Path(name))
