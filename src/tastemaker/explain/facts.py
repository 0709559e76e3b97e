"""What a model may restate: the strongest thing of each kind that speaks for an item, and nothing else.

Two liked items in one sentence would let a model give what one of them shares to the other, so only one is told.
"""

from dataclasses import dataclass

from .evidence import Counted, Evidence
from .settings import Wording

SAID = ("item", "taste", "context", "category")  # kinds that a model is told of
MOST = 80  # letters of a name that a model is told


@dataclass(frozen=True)
class Facts:
    """
    lines:   what the prompt says, one fact a line
    names:   what a sentence may name, and the kind of each: item (that was liked), shared, taste, context, category
    numbers: as they may be written
    """

    lines: tuple[str, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    numbers: tuple[str, ...]


def facts(found: Evidence, wording: Wording) -> Facts | None:
    """None = nothing for a model: nothing speaks for the item, or nobody knows whether what does was liked."""
    lines: list[str] = []
    names: dict[str, str] = {}
    numbers: list[str] = []
    for kind in SAID:
        counted = next((c for c in found.told if c.kind == kind and c.weight > 0), None)
        if counted is not None and _plain(counted):
            line, named, figures = _fact(counted, wording)
            lines.append(line)
            names = {**named, **names}
            numbers += figures
    if not lines:
        return None
    return Facts(tuple(lines), tuple(names), tuple(names.values()), tuple(numbers))


def clean(text: str) -> str:
    """Data, not instruction: no control character, no markup, no line of its own, no end."""
    kept = "".join(c if c.isprintable() and c not in "<>[]{}|`\\#*_~^=" else " " for c in text)
    return " ".join(kept.split())[:MOST].strip()


def _plain(counted: Counted) -> bool:
    """Is it a wish, a like, or a thing of the moment? A dislike or a wish for little stays the template's."""
    if not clean(counted.name) or counted.name != clean(counted.name):
        return False  # a name that has to be altered could not be recognized in a sentence
    if counted.kind == "item":
        return counted.opinion is not None and counted.opinion > 0
    return counted.kind != "taste" or (counted.opinion is not None and counted.opinion >= 0.5)


def _fact(counted: Counted, wording: Wording) -> tuple[str, dict[str, str], list[str]]:
    """The line, its names with their kinds, and its numbers."""
    if counted.kind == "item":
        alike = counted.alike
        same = [*(f"same {n}" for n in (*alike.same, *alike.numbers)), *(f"about the same {n}" for n in alike.near)]
        shared = [name for name in (*alike.tags, *same) if name and name == clean(name)]
        also = f" Both have: {', '.join(shared)}." if shared else ""
        return f"You liked “{counted.name}”.{also}", {**dict.fromkeys(shared, "shared"), counted.name: "item"}, []
    if counted.kind == "taste":
        return f"You asked for: {counted.name}.", {counted.name: "taste"}, []
    if counted.kind == "category":
        return f"What fits now: {counted.name}.", {counted.name: "category"}, []
    chance = "" if counted.chance is None else f" ({counted.chance:.2f})"
    numbers = [] if counted.chance is None else [f"{counted.chance:.2f}", f"{counted.chance:.0%}"]
    line = wording.said(counted.block, counted.name) + chance
    named = {counted.name: "context"}
    if counted.suits and counted.suits == clean(counted.suits):
        line, named = f"{line}. What fits now: {counted.suits}", {counted.suits: "category", **named}
    return f"{line[:1].upper()}{line[1:]}.", named, numbers
