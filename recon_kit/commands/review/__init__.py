"""Review: the decisions that wait for a person, out as a workbook and back into the journal."""
