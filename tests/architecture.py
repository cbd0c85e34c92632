"""The house rules that can be read off the syntax tree of a module. Each rule yields faults as ``(line, what)``."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

ROOMS = {"extract", "normalise", "resolve", "gaps", "cash", "revenue", "metrics", "close"}
ROOF = {"cli", "runner", "commands", "__main__"}
GROUND_FLOOR = {
    *("money", "calendar", "mrr", "asof", "fx", "field_map", "salesforce_id", "csv_split", "csv_text", "clock"),
    *(
        "policy",
        "params",
        "run",
        "schemas",
        "quarantine",
        "controls",
        "artifacts",
        "charts",
        "tables",
        "journal",
        "link_files",
        "pending",
        "signing",
        "workbook",
        "dismissal",
        "phrases",
        "drift",
        "change_kinds",
    ),
}

NETWORK = {
    *("stripe", "simple_salesforce", "requests", "httpx", "aiohttp"),
    *("socket", "ssl", "urllib.request", "http.client"),
    *("apprise", "smtplib"),
}
CALLS_OUT = {"commands.alert.sending"}
"""What may reach another machine besides the room extract: the one module that sends an alert."""
CLOCKS = re.compile(
    r"(^|\.)(datetime|date)\.(now|utcnow|today)$"
    r"|^time\.(time|time_ns|localtime|gmtime|ctime|asctime|strftime|monotonic|perf_counter)"
)
SQL_CLOCKS = re.compile(r"\b(current_(date|time|timestamp)|(now|today)\s*\(\s*\)|get_current_\w+)", re.IGNORECASE)
MONEY_BEARING = ("money", "mrr", "fx", "normalise", "gaps")
VAGUE = {"utils", "util", "helpers", "helper", "manager", "process", "data", "df"}
VAGUE_FOR_A_MODULE = VAGUE | {"base", "common"}  # inside one, a base currency and a common rate are the field's words
UNFINISHED = re.compile(r"\b(TODO|FIXME|HACK)\b")
LONGEST_MODULE, LONGEST_FUNCTION = 300, 45

Faults = Iterator[tuple[int, str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A module of the kit: its dotted name below ``recon_kit`` ("" for the package itself) and its text."""

    name: str
    text: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def home(self) -> str:
        """The room, ground-floor module or part of the roof that it belongs to."""
        return self.name.split(".")[0]

    @cached_property
    def imported(self) -> list[tuple[int, str]]:
        """Every dotted name imported, however it is written: (line, name)."""
        return [(node.lineno, name) for node in ast.walk(self.tree) for name in self._names_of(node)]

    @cached_property
    def aliases(self) -> dict[str, str]:
        """What each imported name stands for."""
        aliases: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                aliases |= {a.asname: a.name for a in node.names if a.asname}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                aliases |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        return aliases

    def _names_of(self, node: ast.AST) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            source = self._absolute(node)
            return [f"{source}.{alias.name}" for alias in node.names]
        if (
            isinstance(node, ast.Call)
            and self.dotted(node.func).endswith(("import_module", "__import__"))
            and node.args
        ):
            return [node.args[0].value] if isinstance(node.args[0], ast.Constant) else ["a module computed at run time"]
        return []

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        path = ["recon_kit", *filter(None, self.name.split("."))]
        package = path[: len(path) - node.level + self.is_package]
        return ".".join([*package, *filter(None, [node.module])])

    def dotted(self, node: ast.AST) -> str:
        """Write a chain of names as text, imports resolved: ``dt.date.today`` is ``datetime.date.today``."""
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id, node.id)
        return f"{self.dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


def is_below(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def has_a_floor(module: Module) -> Faults:
    if module.name and module.home not in ROOMS | ROOF | GROUND_FLOOR:
        yield 1, f"{module.home} is neither a room, nor on the ground floor, nor on the roof"


def keeps_to_its_floor(module: Module) -> Faults:
    allowed = GROUND_FLOOR | ({module.home} if module.home in ROOMS else set())
    if module.home in ROOF:
        return
    for line, name in module.imported:
        if not is_below(name, "recon_kit"):
            continue
        home = name.split(".")[1] if "." in name else ""
        if home in ROOMS | ROOF and home not in allowed:
            yield line, f"{module.home or 'the package'} imports {name}: rooms meet in schemas and files"


def only_the_runner_runs_notebooks(module: Module) -> Faults:
    for line, name in module.imported:
        if is_below(name, "papermill", "nbclient") and module.home != "runner":
            yield line, f"imports {name}: only the runner runs notebooks"


def only_extract_calls_out(module: Module) -> Faults:
    for line, name in module.imported:
        if is_below(name, *NETWORK) and module.home != "extract" and module.name not in CALLS_OUT:
            yield line, f"imports {name}: only extract reaches another machine"


def asks_no_clock(module: Module) -> Faults:
    if module.name == "clock":
        return
    for node in module.calls():
        if CLOCKS.search(module.dotted(node.func)):
            yield node.lineno, f"{module.dotted(node.func)}() asks for the time: as-of is a parameter"
    docstrings = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        text = getattr(node, "value", None) if isinstance(node, ast.Constant) and id(node) not in docstrings else None
        if isinstance(text, str) and (found := SQL_CLOCKS.search(text)):
            yield node.lineno, f"{found[0]!r} in a text asks for the time: as-of is a parameter"


def uses_no_pandas(module: Module) -> Faults:
    for line, name in module.imported:
        if is_below(name, "pandas"):
            yield line, f"imports {name}: frames are Polars"
    for node in module.calls():
        if module.dotted(node.func).endswith((".to_pandas", ".from_pandas")):
            yield node.lineno, "converts to or from pandas: frames are Polars"


def keeps_money_whole(module: Module) -> Faults:
    if module.home not in MONEY_BEARING:
        return
    for node in module.calls():
        casts = [node.func, *node.args] if getattr(node.func, "attr", "") == "cast" else [node.func]
        if any(module.dotted(part) in {"float", "polars.Float64", "polars.Float32"} for part in casts):
            yield node.lineno, "casts to a float: money is whole minor units"


def joins_say_their_cardinality(module: Module) -> Faults:
    for node in module.calls():
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        joins_frames = getattr(node.func, "attr", "") == "join" and (named or len(node.args) > 1)
        how = getattr(named.get("how"), "value", None)
        if joins_frames and "validate" not in named and how not in {"semi", "anti", "cross"}:
            yield node.lineno, 'a join without validate="m:1" or the like'


def is_short(module: Module) -> Faults:
    lines = module.text.count("\n")
    if lines > LONGEST_MODULE:
        yield 1, f"{lines} lines, more than {LONGEST_MODULE}: two rooms?"
    for function in module.functions():
        length = function.end_lineno - function.lineno + 1
        spoken = function.body[0]
        if ast.get_docstring(function, clean=False) is not None:
            length -= spoken.end_lineno - spoken.lineno + 1
        if length > LONGEST_FUNCTION:
            yield function.lineno, f"{function.name} is {length} lines long, more than {LONGEST_FUNCTION}"


def is_documented(module: Module) -> Faults:
    if not ast.get_docstring(module.tree):
        yield 1, "the module has no docstring"
    for node in _public(module.tree.body):
        if not ast.get_docstring(node):
            yield node.lineno, f"{node.name} has no docstring"


def _public(body: list[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body)


def is_finished(module: Module) -> Faults:
    for number, line in enumerate(module.text.splitlines(), 1):
        if found := UNFINISHED.search(line):
            yield number, f"{found[0]}: finish it, or file it where work is filed"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Raise) and "NotImplementedError" in ast.dump(node):
            yield node.lineno, "NotImplementedError: finish it"


def has_telling_names(module: Module) -> Faults:
    for part in module.name.split("."):
        if part in VAGUE_FOR_A_MODULE:
            yield 1, f"a module named {part} says nothing of what is in it"
    given = {id(argument) for argument in _arguments_named_by_a_base_class(module.tree)}
    for node in ast.walk(module.tree):
        name = _bound_name(node)
        if name in VAGUE and id(node) not in given:
            yield node.lineno, f"the name {name} says nothing of what it holds"


def _arguments_named_by_a_base_class(tree: ast.Module) -> Iterator[ast.arg]:
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.bases)
    methods = (node for derived in classes for node in derived.body if isinstance(node, Function))
    return (argument for method in methods for argument in method.args.args)


def _bound_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.arg):
        return node.arg
    if isinstance(node, Function | ast.ClassDef):
        return node.name
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else None


RULES = [
    has_a_floor,
    keeps_to_its_floor,
    only_the_runner_runs_notebooks,
    only_extract_calls_out,
    asks_no_clock,
    uses_no_pandas,
    keeps_money_whole,
    joins_say_their_cardinality,
    is_short,
    is_documented,
    is_finished,
    has_telling_names,
]
