"""recommend, similar: only what serves is imported here, nothing that trains."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import evidence_tables, tables
from .output import Json, Output, Where, pairs

if TYPE_CHECKING:
    from ..data.query import Slate

Like = Annotated[list[str] | None, typer.Option("--like", "-l", help="A title or id that the user likes; repeat it.")]
Taste = Annotated[list[str] | None, typer.Option("--taste", "-t", help="Stated tastes: woody=0.9,spicy=0.7")]
Rate = Annotated[list[str] | None, typer.Option("--rate", "-r", help="A rating on the recipe's scale: TITLE=4.")]
Context = Annotated[list[str] | None, typer.Option("--context", "-c", help="What is known of the moment: emotion=sad")]
Text = Annotated[str | None, typer.Option(help="What the user typed; a recipe with [context] reads it.")]
Place = Annotated[str, typer.Option(help="Where the user is.")]
Now = Annotated[int | None, typer.Option(help="UTC seconds; the present moment by default.")]
Has = Annotated[
    list[str] | None,
    typer.Option("--has", help="Instead of an item: one that has these, tempo=124,energy=0.8; repeat it."),
]
Filter = Annotated[list[str] | None, typer.Option("--filter", "-f", help="COLUMN=VALUE, for example brand=Indult")]


LEVELS = {
    "active": "the active version, {}",
    "asked": "version {}, as asked",
    "parent": "version {}, a parent of the active one",
    "content": "content alone",
    "placing": "version {}, the newest that can place an item by its features",
    "newest": "what is newest, since nothing else can say anything",
    "nothing": "nothing: no item fits",
}


def register(app: typer.Typer) -> None:
    app.command()(recommend)
    app.command()(similar)


def recommend(
    like: Like = None,
    taste: Taste = None,
    rate: Rate = None,
    user: Annotated[str | None, typer.Option(help="A user whose events the project knows.")] = None,
    n: Annotated[int, typer.Option("-n", help="How many.")] = 10,
    filter_: Filter = None,
    text: Text = None,
    context: Context = None,
    place: Place = "",
    now: Now = None,
    version: Annotated[int | None, typer.Option(help="Ask this version instead of the active one.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Also the numbers: what each score is made of.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Recommend: from likes, stated tastes, ratings, a known user, or nothing at all; and say why."""
    asked: dict[str, Any] = {
        "likes": like or [],
        "taste": pairs(taste or [], "woody=0.9"),
        "ratings": pairs(rate or [], "'Some Title=4'"),
        "user": user,
        "n": n,
        "filters": filters_of(filter_),
    }
    asked |= {"text": text, "context": context_of(context), "place": place, "now": now}
    _answer(where, Output(json), version, asked, numbers=explain)


def similar(
    item: Annotated[str | None, typer.Argument(help="A title or id.")] = None,
    has: Has = None,
    n: Annotated[int, typer.Option("-n", help="How many.")] = 10,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Items near this one, or near one that is only described, whoever likes them; and say why."""
    if (item is None) != bool(has):
        raise typer.BadParameter("name one item, or describe one: --has tempo=124,energy=0.8")
    facts = dict(_split(piece, "NAME=VALUE") for text in has or [] for piece in _pieces(text))
    _answer(where, Output(json), None, {"likes": [item], "n": n}, alike=True, facts=facts)


def _answer(
    where: str, out: Output, version: int | None, asked: dict[str, Any], alike: bool = False, numbers: bool = False,
    facts: dict[str, str] | None = None,
) -> None:  # fmt: skip
    from ..explain.explainer import explain
    from ..explain.suits import kinds_of
    from ..store import Store
    from ..store.alike import DESCRIBED
    from ..store.answers import Answers
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store:
        answers = Answers.open(store, version)
        if facts:
            answers, asked = answers.describing(facts), {**asked, "likes": [DESCRIBED]}
        query, slate = (None, answers.similar(**asked)) if alike else answers.answer(**asked)
        found = explain(answers, query, slate)
    why = list(found.words)
    felt = {} if query is None or not answers.contexts else told(query.context, answers.contexts.labels)
    data = asdict(slate) | {
        "titles": [answers.catalog.titles[answers.catalog.find(i)] for i in slate.items],
        "why": why,
        "evidence": found.as_json() if out.json else None,
        "context": felt,
    }
    few = "" if len(slate.items) >= asked["n"] else f"you asked for {asked['n']:,}, and {len(slate.items):,} fit"
    tied = "what is equally near stands in the catalog's order" if alike and tables.tied(slate) else ""
    notes = "; ".join(filter(None, [slate.level_reason, few, tied]))
    note = f"Note: {notes}." if notes else ""
    text = f"Answered by {LEVELS.get(slate.level, '{}').format(slate.version)}. {note}".rstrip()
    if slate.spoke:
        label = next((next(iter(block)) for block in felt.values()), "")
        out.say(moment(slate, felt, kinds_of(answers.recommender, slate, label)))
        text = note
    out.result(data, tables.slate(slate, answers.catalog, why), text)
    if numbers and not out.json:
        evidence_tables.show(found, out)


def filters_of(texts: list[str] | None) -> dict[str, str]:
    """["brand=Indult", …] -> {"brand": "Indult"}"""
    return dict(_split(text) for text in texts or [])


def told(
    context: "Mapping[str, Mapping[str, float]]", labels: "Mapping[str, Sequence[str]]"
) -> dict[str, dict[str, float]]:
    """block -> label -> share, the largest first, of the blocks that have labels."""
    blocks = {name: context[name] for name in labels if name in context}
    return {name: dict(sorted(block.items(), key=lambda one: -one[1])) for name, block in blocks.items()}


def moment(slate: "Slate", felt: dict[str, dict[str, float]], kinds: Sequence[str] = ()) -> str:
    """What was understood, what the mapping wants then, and who answers."""
    best = [next(iter(block.items())) for block in felt.values()]
    said = ", ".join(f"{label} ({share:.2f})" for label, share in best) or "nothing is known of the moment"
    wants = f", which asks for {', '.join(kinds)}" if kinds else ""
    return f"{said}{wants} · {slate.spoke}, version {slate.version}"


def context_of(texts: list[str] | None) -> dict[str, dict[str, float]]:
    """["emotion=sad", "emotion=happy:0.3"] -> {"emotion": {"sad": 1.0, "happy": 0.3}}"""
    found: dict[str, dict[str, float]] = {}
    for one in texts or []:
        block, label = _split(one)
        name, sign, share = label.partition(":")
        try:
            found.setdefault(block, {})[name.strip()] = float(share) if sign else 1.0
        except ValueError:
            raise typer.BadParameter(f"{one!r}: write BLOCK=LABEL or BLOCK=LABEL:SHARE") from None
    return found


def _pieces(text: str) -> list[str]:
    """Commas separate what has a "=" of its own: a name may hold a comma."""
    pieces = text.split(",")
    return pieces if all("=" in piece for piece in pieces) else [text]


def _split(text: str, how: str = "COLUMN=VALUE") -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text!r}: write {how}")
    return name.strip(), value
