"""Runner: executes the notebooks into a close folder; the only code that imports papermill or asks for the time."""
