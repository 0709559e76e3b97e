"""Commands run as a user runs them, in this process; and a shop that lies in the working directory."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tastemaker.cli import main
from tastemaker.lifecycle import Project


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document on standard output; NaN is no JSON."""
        return json.loads(self.out, parse_constant=pytest.fail)


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.delenv("TASTEMAKER_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr("sys.argv", ["tastemaker", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def here(taught: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A taught project, in whose directory the commands run."""
    monkeypatch.chdir(taught.store.root)
    return taught
