"""What people see: tables, progress bars, one-line errors; or one JSON document with --json."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from math import isfinite
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..watch import Watch

LOOSE = 14  # letters down to which words are squeezed

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print every detail.")]
Where = Annotated[str, typer.Option("--project", "-p", help="The project's directory.")]


@dataclass(frozen=True)
class Output:
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    def say(self, text: str = "") -> None:
        """A line for people; silent with --json and --quiet."""
        if not self.json and not self.quiet:
            _console().print(text, highlight=False, markup=False, soft_wrap=True)

    def result(self, data: Any, table: "Table | None" = None, text: str = "") -> None:
        """The answer: the JSON document, or a table and a line."""
        if self.json:
            print(json.dumps(_finite(data), default=str, ensure_ascii=False, indent=2))  # noqa: T201
            return
        if table is not None:
            table.print()
        if text:
            _console().print(text, highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def watching(self, again: str = "run the same command again") -> Iterator["Watch"]:
        """A Watch that draws one progress bar a stage, with the metric that is improving; Ctrl-C is Cancelled.

        again: what goes on then
        """
        from ..errors import Cancelled
        from ..watch import Watch

        try:
            if self.json or self.quiet:
                yield Watch()
                return
            from .progress import Bars

            with Bars() as bars:
                yield Watch(bars.report)
        except KeyboardInterrupt:
            raise Cancelled(f"Stopped. What was saved before stays; {again}.") from None


def _finite(value: Any) -> Any:
    """What JSON can say: NaN and infinity become null."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Table:
    """columns: heads; a head that starts with ">" is right-aligned."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def print(self) -> None:
        """As wide as it is; where the screen is narrower, with heads in several lines; else a row below the other."""
        from rich import box
        from rich.table import Table as Rich

        console = _console()
        if self.title:  # by itself: within the table it would be wrapped to its width
            console.print(self.title, style="italic", highlight=False, markup=False, soft_wrap=True)
        heads = self._heads(console.width)
        if heads is None:
            console.print(self._one_below_the_other(), highlight=False, markup=False, soft_wrap=True)
            return
        table = Rich(box=box.SIMPLE_HEAD, pad_edge=False)
        for head, shown in zip(self.columns, heads, strict=True):
            right = head.startswith(">")
            table.add_column(shown, justify="right" if right else "left", no_wrap=right)
        for row in self.rows:
            table.add_row(*(cell.replace("[", r"\[") for cell in row))
        console.print(table, highlight=False)

    def _heads(self, width: int) -> list[str] | None:
        """Heads with which no figure is broken into two lines; None where there is no room for the figures."""
        heads = [head.removeprefix(">") for head in self.columns]
        cells = [max((len(row[k]) for row in self.rows), default=0) for k in range(len(heads))]
        broken = [
            wrap(head, max(n, max(map(len, head.split()), default=1), 1)) for head, n in zip(heads, cells, strict=True)
        ]
        for shown in ([[head] for head in heads], broken):
            needed = [max(n, *map(len, lines), 0) if lines else n for n, lines in zip(cells, shown, strict=True)]
            least = [n if head.startswith(">") else min(n, LOOSE) for n, head in zip(needed, self.columns, strict=True)]
            if sum(least) + 3 * len(heads) <= width:
                return ["\n".join(lines) for lines in shown]
        return None

    def _one_below_the_other(self) -> str:
        heads = [head.removeprefix(">") for head in self.columns]
        first = max(map(len, heads), default=0)
        parts = []
        for row in self.rows:
            lines = [f"  {head:<{first}}  {cell}" for head, cell in zip(heads[1:], row[1:], strict=True) if cell]
            parts.append("\n".join([f"{heads[0]} {row[0]}".strip(), *lines]))
        return "\n" + "\n".join(parts) + "\n"


def fail(error: object) -> None:
    """One line on standard error; with --json, an object there."""
    if "--json" in sys.argv:
        print(json.dumps({"error": type(error).__name__, "message": str(error)}, ensure_ascii=False), file=sys.stderr)  # noqa: T201
    else:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201


def pairs(texts: Sequence[str], what: str) -> dict[str, float]:
    """["woody=0.9,spicy=0.7", "Title=4"] -> {"woody": 0.9, …}; commas separate pieces that all have a "="."""
    found: dict[str, float] = {}
    for text in texts:
        pieces = text.split(",")
        for piece in pieces if all("=" in p for p in pieces) else [text]:
            name, sign, value = piece.rpartition("=")
            try:
                found[name.strip()] = float(value)
            except ValueError:
                sign = ""
            if not sign or not name.strip():
                raise typer.BadParameter(f"{piece!r}: write NAME=NUMBER, for example {what}")
    return found


@cache
def _console() -> Any:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120)


def short(text: str, width: int = 60) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
