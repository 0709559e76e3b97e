"""recommend, similar: only what serves is imported here, nothing that trains."""

from contextlib import closing
from dataclasses import asdict
from typing import Annotated, Any

import typer

from . import tables
from .output import Json, Output, Where, pairs

Like = Annotated[list[str] | None, typer.Option("--like", "-l", help="A title or id that the user likes; repeat it.")]
Taste = Annotated[list[str] | None, typer.Option("--taste", "-t", help="Stated tastes: woody=0.9,spicy=0.7")]
Rate = Annotated[list[str] | None, typer.Option("--rate", "-r", help="A rating on the recipe's scale: TITLE=4.")]
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
    version: Annotated[int | None, typer.Option(help="Ask this version instead of the active one.")] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Recommend: from likes, stated tastes, ratings, a known user, or nothing at all; and say why."""
    filters = dict(_split(text) for text in filter_ or [])
    asked = {
        "likes": like or [],
        "taste": pairs(taste or [], "woody=0.9"),
        "ratings": pairs(rate or [], "'Some Title=4'"),
        "user": user,
        "n": n,
        "filters": filters,
    }
    _answer(where, Output(json), version, asked)


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
    where: str, out: Output, version: int | None, asked: dict[str, Any], alike: bool = False,
    facts: dict[str, str] | None = None,
) -> None:  # fmt: skip
    from ..explain import sentences
    from ..store import Store
    from ..store.alike import DESCRIBED
    from ..store.answers import Answers
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store:
        answers = Answers.open(store, version)
        if facts:
            answers, asked = answers.describing(facts), {**asked, "likes": [DESCRIBED]}
        slate = (answers.similar if alike else answers.recommend)(**asked)
    why = sentences(slate, answers.catalog, answers.called)
    data = asdict(slate) | {
        "titles": [answers.catalog.titles[answers.catalog.find(i)] for i in slate.items],
        "why": why,
    }
    text = f"Answered by {LEVELS.get(slate.level, '{}').format(slate.version)}."
    if slate.level_reason:
        text += f" Note: {slate.level_reason}."
    out.result(data, tables.slate(slate, answers.catalog, why), text)


def _pieces(text: str) -> list[str]:
    """Commas separate what has a "=" of its own: a name may hold a comma."""
    pieces = text.split(",")
    return pieces if all("=" in piece for piece in pieces) else [text]


def _split(text: str, how: str = "COLUMN=VALUE") -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text!r}: write {how}")
    return name.strip(), value
