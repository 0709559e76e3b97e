"""What a score is made of, as a table an item."""

from typing import TYPE_CHECKING

from .output import Output, Table, short

if TYPE_CHECKING:
    from ..explain.evidence import Counted, Evidence
    from ..explain.explainer import Explained

MOST = 8  # parts that have a row of their own
LOG = "Scores and weights are logarithms: +0.69 doubles what an item is worth, −0.69 halves it."


def show(found: "Explained", out: Output, words: bool = False) -> None:
    """words: the sentences, too."""
    for rank, (each, said) in enumerate(zip(found.evidence, found.words, strict=True), 1):
        out.result(None, None, f"{rank}. {each.title}" + (f"\n   {said}" if words else ""))
        parts(each).print()
    if found.slate.spoke:
        out.result(None, None, LOG)


def parts(each: "Evidence") -> Table:
    """One row a part, the weak ones as one; they add up to the last row."""
    rows = [["for anybody", f"{each.base:+.3f}", ""]]
    rows += [[_name(c), f"{c.weight:+.3f}", _about(c)] for c in each.counted[:MOST]]
    more = each.counted[MOST:]
    if more:
        rows.append([f"{len(more)} more", f"{sum(c.weight for c in more):+.3f}", ""])
    if abs(each.unexplained) > 5e-4:
        rows.append(["not taken apart", f"{each.unexplained:+.3f}", ""])
    return Table("", ["part", ">weight", ""], [*rows, ["score", f"{each.score:+.3f}", ""]])


def _name(c: "Counted") -> str:
    kind = "" if c.kind == "item" else c.kind
    return short(" ".join(part for part in (kind, c.block, c.name) if part), 50)


def _about(c: "Counted") -> str:
    said = []
    if c.opinion is not None:
        said.append(f"{'opinion' if c.kind == 'item' else 'asked'} {c.opinion:g}")
    if c.chance is not None:
        said.append(f"chance {c.chance:.2f}")
    if c.suits:
        said.append(f"asks for {c.suits}")
    if c.alike.tags:
        said.append(f"shares {', '.join(c.alike.tags)}")
    if c.both:
        said.append(f"{c.both} have both")
    if same := (*c.alike.same, *c.alike.numbers):
        said.append(f"same {', '.join(same)}")
    if c.alike.near:
        said.append(f"about the same {', '.join(c.alike.near)}")
    return short("; ".join(said), 64)
