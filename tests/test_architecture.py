"""The house's rules as tests: linters, import contracts, sizes, docstrings, who may touch the world.

The tools run side by side, each once; a tool that isn't installed fails the test rather than passing it by.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "burnlab"
MODULES = sorted(SOURCE.rglob("*.py"))
TEST_MODULES = sorted((ROOT / "tests").rglob("*.py"))

MODULE_LINES = 600
FUNCTION_LINES = 60

TOOLS = {
    "ruff check": ["ruff", "check", "--quiet", "src", "tests"],
    "ruff format": ["ruff", "format", "--check", "--quiet", "src", "tests"],
    "mypy": ["mypy"],
    "lint-imports": ["lint-imports"],
}

EDGES = (
    "burnlab/writeback.py",
    "burnlab/disc/surface.py",
    "burnlab/disc/folder.py",
    "burnlab/disc/holding.py",
    "burnlab/disc/mending.py",
    "burnlab/disc/state_file.py",
    "burnlab/disc/cd_export.py",
    "burnlab/iscsi/client.py",
    "burnlab/iscsi/client_link.py",
    "burnlab/iscsi/server.py",
    "burnlab/burn/fifo.py",
    "burnlab/burn/opener.py",
    "burnlab/burn/sg_access.py",
    "burnlab/burn/sg_io.py",
    "burnlab/burn/stdio.py",
    "burnlab/burn/stream.py",
    "burnlab/iso9660/emit.py",
    "burnlab/iso9660/extract.py",
    "burnlab/iso9660/forks.py",
    "burnlab/iso9660/hashing.py",
    "burnlab/iso9660/image.py",
    "burnlab/iso9660/scan.py",
    "burnlab/xorriso/commands/*",
    "burnlab/xorriso/media_report.py",
    "burnlab/xorriso/program.py",
    "burnlab/xorriso/pacifier.py",
    "burnlab/xorriso/write_progress.py",
    "burnlab/vm/*",
    "burnlab/lab/*",
    "burnlab/cli/*",
    "burnlab/api.py",
    "burnlab/__main__.py",
)
"""Modules that may open files, ask the time, and talk to the network; all others get bytes and `now`."""

OUTSIDE_MODULES = frozenset(
    """
    asyncio datetime fcntl multiprocessing os pathlib random select selectors shutil signal socket
    socketserver sqlite3 subprocess sys tempfile threading time
    """.split()  # noqa: SIM905
)
OUTSIDE_CALLS = frozenset({"open", "print", "input"})


def relative(path: Path) -> str:
    return path.relative_to(SOURCE.parent).as_posix()


def is_edge(path: Path) -> bool:
    return any(fnmatch(relative(path), pattern) for pattern in EDGES)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def by_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# Tools.


def run_tool(argv: list[str]) -> subprocess.CompletedProcess[str]:
    beside_python = Path(sys.executable).parent / argv[0]
    program = str(beside_python) if beside_python.exists() else shutil.which(argv[0])
    assert program, f"{argv[0]} is not installed: pip install -e '.[dev]'"
    return subprocess.run([program, *argv[1:]], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tool_runs() -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        yield {name: pool.submit(run_tool, argv) for name, argv in TOOLS.items()}


@pytest.mark.parametrize("name", TOOLS)
def test_tool(tool_runs: dict[str, Future[subprocess.CompletedProcess[str]]], name: str) -> None:
    done = tool_runs[name].result()
    assert done.returncode == 0, f"{' '.join(TOOLS[name])}\n{done.stdout}\n{done.stderr}"


# Sizes.


@pytest.mark.parametrize("path", MODULES + TEST_MODULES, ids=by_name)
def test_module_length(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MODULE_LINES, f"{lines} lines: split it by subject"


def functions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for child in ast.walk(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_function_length(path: Path) -> None:
    for function in functions(tree(path)):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        assert length <= FUNCTION_LINES, f"{function.name} has {length} lines"


# Docstrings.


def public_definitions(
    body: list[ast.stmt], inside: str = ""
) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Public classes and functions, and the public methods of public classes."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_") or is_overload(node):
                continue
            yield f"{inside}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body, f"{node.name}.")


def is_overload(node: ast.AST) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "overload" for d in getattr(node, "decorator_list", []))


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_public_names_have_docstrings(path: Path) -> None:
    module = tree(path)
    if module.body:
        assert ast.get_docstring(module), "the module has none"
    for name, node in public_definitions(module.body):
        assert ast.get_docstring(node), f"{name} has none"


def decorated_with(node: ast.ClassDef, name: str) -> bool:
    return any(name in ast.unparse(d) for d in node.decorator_list)


CODECS = [p for p in MODULES if relative(p).startswith("burnlab/scsi/")]
PLAIN_VALUES = {
    "record.py": "how fields are described, not a structure of any standard",
    "task.py": "the door between the rooms",
}


@pytest.mark.parametrize("path", [p for p in CODECS if p.name not in PLAIN_VALUES], ids=by_name)
def test_codecs_tell_their_source(path: Path) -> None:
    for node in tree(path).body:
        if not isinstance(node, ast.ClassDef) or node.name.startswith("_") or not node.decorator_list:
            continue
        if not decorated_with(node, "dataclass") or node.name in SHARED_LAYOUTS:
            continue
        assert "Source:" in (ast.get_docstring(node) or ""), f"{node.name} doesn't tell its source"


SHARED_LAYOUTS = {"Transfer10", "Transfer12", "TocTrack"}
"""What several structures have in common, or the values they are made of: each user tells its own source."""


# Who may touch the world outside.


def imported(node: ast.Module) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from (alias.name.split(".")[0] for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module and not child.level:
            yield child.module.split(".")[0]


PURE = [p for p in MODULES if not is_edge(p)]


@pytest.mark.parametrize("path", PURE, ids=by_name)
def test_pure_modules_import_nothing_of_the_world(path: Path) -> None:
    found = set(imported(tree(path))) & OUTSIDE_MODULES
    assert not found, f"imports {', '.join(sorted(found))}: pass values in, or move it to an edge module"


@pytest.mark.parametrize("path", PURE, ids=by_name)
def test_pure_modules_call_nothing_of_the_world(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in OUTSIDE_CALLS, f"line {node.lineno}: {node.func.id}()"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in ("now", "today", "utcnow"), f"line {node.lineno} asks the clock"


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_only_the_command_line_writes_to_the_terminal(path: Path) -> None:
    if relative(path).startswith(("burnlab/cli/", "burnlab/vm/images/")):
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "input"), f"line {node.lineno}"


# Nothing names the machine it was written on.

MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:home|root|work|Users|private)/\w")


@pytest.mark.parametrize("path", MODULES + TEST_MODULES, ids=by_name)
def test_no_absolute_machine_path(path: Path) -> None:
    if path == Path(__file__):
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        assert not MACHINE_PATH.search(line), f"line {number}: {line.strip()}"
