"""How the code is built: who may import whom, no hidden state, words on everything public."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "course_utils"

# A module imports only from the floors below its own.
FLOORS = {
    0: ["validation", "data_files", "alt_text"],
    1: [
        "layers",
        "augmentation",
        "losses",
        "optimizers",
        "schedules",
        "landscapes",
        "datasets",
        "claims",
        "exercises",
        "style",
        "graph",
        "optional",
    ],
    2: ["network"],
    3: ["training", "gradient_check", "diagnostics", "parallel"],
    4: ["plots", "experiments", "tracking", "clinic", "averaging", "statistics"],
    5: ["widgets"],
}
FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names}
NUMERICS = [
    "validation",
    "claims",
    "layers",
    "augmentation",
    "losses",
    "optimizers",
    "schedules",
    "landscapes",
    "network",
    "training",
    "gradient_check",
    "diagnostics",
    "parallel",
]
SKIPPED_FOLDERS = {".git", ".venv", "build", "dist", "__pycache__", ".hypothesis", "downloads"}
TEXT = {".py", ".md", ".toml", ".txt", ".cfg", ".cff", ".yml", ".yaml", ".css", ".ipynb", ".json"}

MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = {
    path: ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in MODULES
}
CODE = sorted(
    path
    for folder in ("course_utils", "tests", "benchmarks", "tools")
    for path in (ROOT / folder).rglob("*.py")
    if not SKIPPED_FOLDERS & set(path.parts)
)


def relative(path):
    return str(path.relative_to(ROOT))


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_of(path):
    """The dotted names that a module imports, wherever in the file the import stands."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative(path)}: import by name, not relatively"
            if node.module == "course_utils":
                yield from (f"course_utils.{alias.name}" for alias in node.names)
            else:
                yield node.module


def part_of(name):
    """The module or package right below course_utils, or None for another library's name."""
    parts = name.split(".")
    return parts[1] if parts[0] == "course_utils" and len(parts) > 1 else None


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_go_down_the_floors(path):
    part = part_of(NAMES[path])
    if part is None:
        assert not [name for name in imports_of(path) if part_of(name)]
        return
    assert part in FLOOR_OF, f"{part} has no floor: add it to FLOORS"
    for name in imports_of(path):
        imported = part_of(name)
        if imported and imported != part:
            assert FLOOR_OF[imported] < FLOOR_OF[part], (
                f"{part} (floor {FLOOR_OF[part]}) imports {imported} (floor {FLOOR_OF[imported]})"
            )


def test_no_two_modules_import_each_other():
    by_name = {name: path for path, name in NAMES.items()}
    below = {
        name: {found for found in imports_of(path) if found in by_name and found != name}
        for name, path in by_name.items()
    }

    def visit(name, way):
        assert name not in way, " -> ".join([*way, name])
        for found in below[name]:
            visit(found, [*way, name])

    for name in below:
        visit(name, [])


@pytest.mark.parametrize("name", NUMERICS)
def test_the_numbers_need_no_graphics(name):
    graphics = {"matplotlib", "seaborn", "ipywidgets", "IPython", "torch", "sklearn", "scipy"}
    for path in files_of(name):
        assert not graphics & {found.split(".")[0] for found in imports_of(path)}


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_nobody_draws_global_random_numbers(path):
    allowed = {"default_rng", "Generator", "SeedSequence", "PCG64", "BitGenerator"}
    assert "random" not in set(imports_of(path))
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in (
            "np.random",
            "numpy.random",
        ):
            assert node.attr in allowed, f"line {node.lineno}: np.random.{node.attr}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_modules_hold_no_state(path):
    """Module-level names are constants (UPPER_CASE), type names or dunders; none is changed."""
    tree = tree_of(path)
    names = set()
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, (ast.AnnAssign, ast.AugAssign)) else targets
        for target in targets:
            elements = target.elts if isinstance(target, ast.Tuple) else [target]
            names |= {ast.unparse(element) for element in elements}
    for name in names:
        assert re.fullmatch(r"_?[A-Z][A-Z0-9_]*|_?[A-Z][A-Za-z]+|__[a-z]+__", name), name

    changing = {"append", "extend", "update", "pop", "clear", "setdefault", "add", "insert"}
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Global), f"line {node.lineno}: global"
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            assert ast.unparse(node.value) not in names, f"line {node.lineno} changes a constant"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            changed = node.func.attr in changing and ast.unparse(node.func.value) in names
            assert not changed, f"line {node.lineno} changes a constant"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_opens_with_what_it_is_for(path):
    docstring = ast.get_docstring(tree_of(path)) or ""
    sentences = re.findall(r"[.?:](?:\s|$)", docstring)
    assert len(sentences) >= 2, "expected two plain sentences"
    assert not docstring.startswith(("This module", "Module"))


def public_members(module):
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value) or inspect.isclass(value):
            yield name, value
        if inspect.isclass(value):
            for attribute in vars(value):
                member = inspect.getattr_static(value, attribute)
                is_code = inspect.isfunction(member) or isinstance(
                    member, (property, classmethod, staticmethod)
                )
                if is_code and not attribute.startswith("_"):
                    yield f"{name}.{attribute}", getattr(value, attribute)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_everything_public_has_a_docstring(path):
    """A method may inherit the one of the class it comes from."""
    module = importlib.import_module(NAMES[path])
    missing = [name for name, value in public_members(module) if not inspect.getdoc(value)]
    assert not missing


# A sweep stores every error of a run with its reason, shows it in the table, and runs the others.
MAY_CATCH_ALL = {("experiments.py", "_attempt")}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_errors_are_never_swallowed(path):
    tree = tree_of(path)
    allowed = {
        inside
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and (path.name, function.name) in MAY_CATCH_ALL
        for inside in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node not in allowed:
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in ("everything", "Exception", "BaseException"), (
                f"line {node.lineno} catches {caught}"
            )


def code_lines(path):
    """Lines of code: without blank lines, comments and docstrings."""
    source = path.read_text(encoding="utf-8")
    lines = {
        i
        for i, line in enumerate(source.splitlines(), start=1)
        if line.strip() and not line.strip().startswith("#")
    }
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines -= set(range(node.lineno, node.end_lineno + 1))
    return len(lines)


def files_of(name):
    """The one file of a module, or those of a package."""
    path = PACKAGE / f"{name}.py"
    return [path] if path.exists() else sorted((PACKAGE / name).glob("*.py"))


def test_the_numeric_core_stays_small():
    """Under 1,200 lines of code on floors 1 to 3; a file can be read in one sitting.

    Not part of the sum, but as small: the diagnostics and the callbacks, which look at the core
    from outside, the optimizers that notebook 14 adds to it, and what only images need, with the
    threads that make them quick.
    """
    found = {name: files_of(name) for name in NUMERICS if FLOOR_OF[name] > 0}
    assert all(found.values())
    counts = {path: code_lines(path) for paths in found.values() for path in paths}
    names = ("layers/convolution.py", "augmentation.py", "parallel.py")
    images = {PACKAGE / name for name in names}
    after_adam = PACKAGE / "optimizers" / "after_adam.py"
    watching = PACKAGE / "training" / "watching.py"
    apart = images | {after_adam, watching} | set(files_of("diagnostics"))
    apart |= {path for path in counts if path.name == "__init__.py"}  # names, no code
    core = sum(count for path, count in counts.items() if path not in apart)
    shown = {relative(path): count for path, count in counts.items()}
    print(f"\n{core} lines of code in the numeric core: {shown}")
    assert core < 1200
    assert sum(counts[path] for path in images) < 300
    assert counts[after_adam] < 200
    assert max(counts.values()) < 300


def texts():
    for path in sorted(ROOT.rglob("*")):
        inside = set(path.relative_to(ROOT).parts)
        if path.suffix in TEXT and path.is_file() and not SKIPPED_FOLDERS & inside:
            yield path


def test_no_text_mentions_a_path_of_somebodys_machine():
    """Paths are relative to the repository: what stands here must be true on every machine."""
    machine = re.compile(r"(?<![\w.:/~*-])/(?:work|root|home/\w+|Users/\w+)/\w")
    found = []
    for path in texts():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if machine.search(line):
                found.append(f"{relative(path)}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)
