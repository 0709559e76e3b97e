"""A model's words for what a template has said already: asked once for the same facts, checked, kept on disk."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..data.catalog import Catalog
from ..watch import Watch
from .check import Names, refusal
from .evidence import Evidence
from .facts import Facts, facts
from .kept import Kept
from .prompt import digest
from .settings import Wording
from .writer import Writer


@dataclass(frozen=True)
class Improved:
    """found + refused = what the model was asked now; known: asked before; nothing: what only a template can say.

    refusals: some of what was refused, and why
    """

    found: int = 0
    refused: int = 0
    known: int = 0
    nothing: int = 0
    refusals: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        asked = f"{self.found} sentences found, {self.refused} refused by the evidence"
        return f"{asked}, {self.known} asked before, {self.nothing} left to the template"


def improve(
    every: Iterable[Evidence], catalog: Catalog, wording: Wording, kept: Kept, opened: Callable[[], Writer],
    watch: Watch | None = None,
) -> Improved:  # fmt: skip
    """opened: loads the model; not called when everything was asked before."""
    asked, known, nothing = _unasked(every, wording, kept)
    if not asked:
        return Improved(known=known, nothing=nothing)
    writer, names, watch = opened(), Names.of(catalog), (watch or Watch()).on("words")
    found, refusals = 0, []
    for n, (key, told) in enumerate(asked.items()):
        words, why = chosen(writer.write(told), told, names)
        kept.put(key, words, why)
        found += not why
        refusals += [(words or told.lines[0], why)] * bool(why)
        watch.progress(n + 1, len(asked), found=float(found))
    kept.trim()
    return Improved(found, len(asked) - found, known, nothing, tuple(refusals[:5]))


def chosen(written: str, told: Facts, names: Names) -> tuple[str, str]:
    """The shortest beginning of what was written that is a whole sentence and passes; "" and why where none does."""
    line = next((line.strip() for line in written.splitlines() if line.strip()), "")
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s|$)", line)]
    refusals = []
    for end in ends[:3] or [len(line)]:
        why = refusal(line[:end], told, names)
        if why is None:
            return line[:end], ""
        refusals.append(why)
    return "", refusals[0]


def _unasked(every: Iterable[Evidence], wording: Wording, kept: Kept) -> tuple[dict[str, Facts], int, int]:
    """Facts by their digest that no model has seen; how many were asked before; how many are nothing to a model."""
    asked: dict[str, Facts] = {}
    known = nothing = 0
    for each in every:
        key, told = digest(each, wording), facts(each, wording)
        if key is None or told is None:
            nothing += 1
        elif key in asked or kept.read(key) is not None:
            known += 1
        else:
            asked[key] = told
    return asked, known, nothing
