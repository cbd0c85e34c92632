"""A notebook is a page for an auditor: short cells, no logic, and stored outputs that are those of the sample run."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
FILES = sorted(FOLDER.glob("*.ipynb"))

PARAMETERS = ["params", "as_of", "close_dir"]
MORE_PARAMETERS = {"03_resolve": ["pair"], "04_gaps": ["explain"]}
LONGEST_CELL = 8
LOGIC = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    *(ast.If, ast.IfExp, ast.Try, ast.Match),
)
MACHINE_PATH = re.compile(r"(?<![\w.:/])(/(tmp|work|root|home|Users|private|var)/\w|[A-Z]:\\\\)")
HIDING_TAGS = {"nbval-skip", "raises-exception"}


def faults(name, notebook):
    """Everything in which a notebook breaks the house rules, in its order."""
    code = [(number, cell) for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    found = [*faults_of_the_page(notebook), *faults_of_parameters(name, [cell for _, cell in code])]
    for number, cell in code:
        found += [f"cell {number} {what}" for what in (*faults_of_source(cell), *faults_of_outputs(cell))]
    return found


def faults_of_the_page(notebook):
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "its kernel is not python3"
    if not notebook.cells or not notebook.cells[0].source.startswith("# "):
        yield "it does not open with a title"
    if found := MACHINE_PATH.search("\n".join(map(str, notebook.cells))):
        yield f"it holds a path of one machine: {found[0]}"


def faults_of_parameters(name, code):
    tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    if not code:
        return
    if tagged != code[:1]:
        yield "its first code cell, and no other, is not tagged parameters"
        return
    expected = [f"{parameter} = None" for parameter in (*PARAMETERS, *MORE_PARAMETERS.get(name, []))]
    given = [ast.unparse(statement) for statement in ast.parse(tagged[0].source).body]
    if given != expected:
        yield f"its parameters are {given}, not {expected}"


def faults_of_source(cell):
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if not lines:
        yield "is empty"
    if len(lines) > LONGEST_CELL:
        yield f"has {len(lines)} lines, more than {LONGEST_CELL}"
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, LOGIC):
            yield f"holds logic ({type(node).__name__}): it belongs in recon_kit"
    if hidden := HIDING_TAGS & set(cell.metadata.get("tags", [])) or {"NBVAL_SKIP"} & set(cell.source.split()):
        yield f"hides itself from the test: {sorted(hidden)}"


def faults_of_outputs(cell):
    body = ast.parse(cell.source).body
    if cell.execution_count is None:
        yield "was not run"
    if body and isinstance(body[-1], ast.Expr) and not cell.outputs:
        yield "ends in an expression and stores no output, so nothing would be compared"
    for output in cell.outputs:
        if output.output_type == "error" or output.get("name") == "stderr":
            yield "stores an error or a warning"


def test_there_are_notebooks():
    assert len(FILES) > 0, "no notebook to look at"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_notebook(file):
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    found = faults(file.stem, notebook)
    assert not found, "\n" + "\n".join(found)


def test_ruff_finds_nothing():
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", FOLDER]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert "No Python files" not in result.stderr


def page(*sources, name="python3", title="# Title", parameters="params = None\nas_of = None\nclose_dir = None"):
    """Build a notebook of run cells that print what they hold."""
    first = new_code_cell(parameters, metadata={"tags": ["parameters"]}, execution_count=1)
    cells = [new_code_cell(source, execution_count=2, outputs=[new_output("stream", text="ok")]) for source in sources]
    kernel = {"kernelspec": {"name": name, "display_name": "Python 3"}}
    return new_notebook(cells=[new_markdown_cell(title), first, *cells], metadata=kernel)


def altered(**change):
    notebook = page("run.check(controls)")
    notebook.cells[-1].update(change)
    return notebook


def test_a_good_notebook_has_no_fault():
    assert faults("01_extract", page("run = open_run(params)", "run.check(controls)")) == []
    assert faults("04_gaps", page(parameters="params = None\nas_of = None\nclose_dir = None\nexplain = None")) == []
    assert faults("00_start", new_notebook(cells=[new_markdown_cell("# A")], metadata=page().metadata)) == []


# notebook                                                          what is said
BAD = [
    (page(name="recon-env"), "kernel is not python3"),
    (page(title="Text"), "does not open with a title"),
    (page(parameters="params = None"), "its parameters are"),
    (page(parameters="params = None\nas_of = None\nclose_dir = 'a'"), "its parameters are"),
    (page(parameters="params = None\nas_of = None\nclose_dir = None\nperod = None"), "its parameters are"),
    (new_notebook(cells=page("a").cells[:1] + page("a").cells[2:], metadata=page().metadata), "tagged parameters"),
    (page("\n".join("abcdefghi")), "has 9 lines"),
    (page("def total(): ..."), "FunctionDef"),
    (page("class Total: ..."), "ClassDef"),
    (page("for gap in gaps:\n    print(gap)"), "For"),
    (page("while True:\n    stop"), "While"),
    (page("[gap for gap in gaps]"), "ListComp"),
    (page("sum(gap for gap in gaps)"), "GeneratorExp"),
    (page("gaps.map(lambda gap: gap)"), "Lambda"),
    (page("if gaps:\n    print(1)"), "If"),
    (page("# NBVAL_SKIP\nrun"), "hides itself"),
    (page("open_run('/home/ada/close')"), "path of one machine"),
    (altered(outputs=[]), "stores no output"),
    (altered(execution_count=None), "was not run"),
    (altered(source=""), "is empty"),
    (altered(metadata={"tags": ["nbval-skip"]}), "hides itself"),
    (altered(outputs=[new_output("stream", name="stderr", text="Warning")]), "error or a warning"),
    (altered(outputs=[new_output("error", ename="E", evalue="", traceback=[])]), "error or a warning"),
    (altered(outputs=[new_output("stream", text="written to /tmp/close")]), "path of one machine"),
]


@pytest.mark.parametrize(("notebook", "said"), BAD, ids=[said for _, said in BAD])
def test_a_fault_is_noticed(notebook, said):
    found = faults("01_extract", notebook)
    assert [said in what for what in found] == [True]
