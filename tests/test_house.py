"""The rules of the house that a machine can check."""

import ast
import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
import typer
from importlinter.cli import lint_imports

import tastemaker
from tastemaker import errors
from tastemaker.cli.app import app
from tastemaker.lifecycle import Project
from tastemaker.recipe import recipe_names

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "tastemaker"
FILES = sorted(SOURCE.rglob("*.py"))
DOMAINS = {*recipe_names(), "scent", "music", "movies", "mood", "perfumes?", "fragrances?", "songs?", "films?"}
PRINTS_NO_RESULT: set[str] = set()


def names(files: list[Path]) -> list[str]:
    return [str(file.relative_to(SOURCE)) for file in files]


def loaded_by(script: str, cwd: Path = ROOT) -> set[str]:
    """Modules that a fresh interpreter has loaded after the script."""
    told = f"import sys\ntry:\n    {script}\nexcept SystemExit as e:\n    assert not e.code, e.code\n"
    told += "sys.stderr.write('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, cwd=cwd, check=True)
    return set(done.stderr.split("\n"))


def test_imports_go_down_the_floors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == 0


@pytest.mark.parametrize("file", FILES, ids=names(FILES))
def test_no_python_file_names_a_domain(file: Path) -> None:
    found = re.findall(rf"\b(?:{'|'.join(DOMAINS)})\b", file.read_text("utf-8"), re.IGNORECASE)
    assert found == []


@pytest.mark.parametrize("file", FILES, ids=names(FILES))
def test_files_and_functions_are_short(file: Path) -> None:
    text = file.read_text("utf-8")
    assert text.count("\n") < 300
    # A migration is one long list of tables and never changes again; numba compiles a kernel as one function.
    if {"migrations", "kernels"} & set(file.parts):
        return
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    long = {f.name: n for f in functions if (n := (f.end_lineno or 0) - f.lineno + 1) > 50 or _body(f) > 40}
    assert long == {}


def _body(function: ast.FunctionDef) -> int:
    """Lines below the signature."""
    return (function.end_lineno or 0) - function.body[0].lineno + 1


def test_public_names_are_sorted_and_there() -> None:
    found = [m.name for m in walk_packages(tastemaker.__path__, "tastemaker.")]
    for name in ["tastemaker", *(n for n in found if "migrations" not in n and not n.endswith("__main__"))]:
        module = import_module(name)
        public = getattr(module, "__all__", [])
        kinds = [(not n.isupper(), not n[0].isupper(), n) for n in public]  # CONSTANTS, Classes, functions
        assert kinds == sorted(kinds), name
        assert all(getattr(module, n) is not None for n in public)


def test_every_error_is_drawn_in_the_tree() -> None:
    drawn = re.findall(r"^((?:[│├└─ ]|\s)*)([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    depth = {name: len(branch) // 4 for branch, name in drawn if name != "Every"}
    found = {c.__name__: c for _, c in inspect.getmembers(errors, inspect.isclass)}
    assert depth.keys() == found.keys()
    for name, cls in found.items():
        assert depth[name] == len(cls.__mro__) - len(Exception.__mro__) - 1, name


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"numpy", "torch", "gensim", "scipy", "sqlalchemy", "rich", "typer", "polars", "pydantic", "numba"}
    assert loaded_by("import tastemaker") & heavy == set()


def test_help_loads_nothing_heavy() -> None:
    found = loaded_by("sys.argv = ['tastemaker', '--help']; from tastemaker.cli import main; main()")
    assert found & {"numpy", "torch", "scipy", "sqlalchemy", "polars", "numba", "matplotlib"} == set()


def test_recommending_loads_nothing_that_trains(taught: Project) -> None:
    asked = f"['tastemaker', 'recommend', '-p', {str(taught.store.root)!r}, '--taste', 'woody=0.9', '-n', '2']"
    found = loaded_by(f"sys.argv = {asked}; from tastemaker.cli import main; main()")
    heavy = {"torch", "gensim", "optuna", "numba", "polars", "matplotlib", "alembic", "pydantic_settings"}
    heavy |= {f"tastemaker.{room}" for room in ("algorithms", "synth", "lifecycle", "recipe", "features", "testing")}
    assert "tastemaker.recommender" in found
    assert found & heavy == set()


def commands() -> dict[str, Any]:
    top = typer.main.get_command(app)
    found = dict(top.commands)  # type: ignore[attr-defined]
    groups = {name: found.pop(name).commands for name, command in [*found.items()] if hasattr(command, "commands")}
    return found | {f"{group} {name}": command for group, inner in groups.items() for name, command in inner.items()}


@pytest.mark.parametrize("name", commands())
def test_a_command_explains_itself_and_speaks_json(name: str) -> None:
    command = commands()[name]
    assert command.help
    flags = {flag for parameter in command.params for flag in parameter.opts}
    assert "--json" in flags or name in PRINTS_NO_RESULT
    for parameter in command.params:
        if len(parameter.opts) and parameter.opts[0].startswith("-"):
            assert parameter.help, f"{name}: {parameter.name}"


def test_the_verbs_of_the_command_line_are_those_of_a_project() -> None:
    verbs = {name for name in commands() if " " not in name} - {"demo", "similar", "delist", "relist", "import"}
    verbs -= {"app", "report"}  # what people look at stands above the verbs, so that it cannot train
    assert {verb.replace("-", "_") for verb in verbs} <= set(dir(Project))
