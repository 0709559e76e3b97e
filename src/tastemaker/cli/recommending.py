"""recommend, similar: only what serves is imported here, nothing that trains."""

from contextlib import closing
from dataclasses import asdict
from typing import Annotated, Any

import typer

from . import evidence_tables, tables
from .output import Json, Output, Where, pairs

Like = Annotated[list[str] | None, typer.Option("--like", "-l", help="A title or id that the user likes; repeat it.")]
Taste = Annotated[list[str] | None, typer.Option("--taste", "-t", help="Stated tastes: woody=0.9,spicy=0.7")]
Rate = Annotated[list[str] | None, typer.Option("--rate", "-r", help="A rating on the recipe's scale: TITLE=4.")]
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
    explain: Annotated[bool, typer.Option("--explain", help="Also the numbers: what each score is made of.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Recommend: from likes, stated tastes, ratings, a known user, or nothing at all; and say why."""
    asked = {
        "likes": like or [],
        "taste": pairs(taste or [], "woody=0.9"),
        "ratings": pairs(rate or [], "'Some Title=4'"),
        "user": user,
        "n": n,
        "filters": filters_of(filter_),
    }
    _answer(where, Output(json), version, asked, numbers=explain)


def similar(
    item: Annotated[str, typer.Argument(help="A title or id.")],
    n: Annotated[int, typer.Option("-n", help="How many.")] = 10,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Items that are alike in content, whoever likes them."""
    _answer(where, Output(json), None, {"likes": [item], "n": n}, alike=True)


def _answer(
    where: str, out: Output, version: int | None, asked: dict[str, Any], alike: bool = False, numbers: bool = False
) -> None:
    from ..explain.explainer import explain
    from ..store import Store
    from ..store.answers import Answers
    from ..store.location import find_root

    with closing(Store.open(find_root(where))) as store:
        answers = Answers.open(store, version)
        query = answers.query(**asked)
        slate = answers.similar(**asked) if alike else answers.recommender.recommend([query])[0]
        found = explain(answers, None if alike else query, slate)
    why = list(found.words)
    data = asdict(slate) | {
        "titles": [answers.catalog.titles[answers.catalog.find(i)] for i in slate.items],
        "why": why,
        "evidence": found.as_json(),
    }
    text = f"Answered by {LEVELS.get(slate.level, '{}').format(slate.version)}."
    if slate.level_reason:
        text += f" Note: {slate.level_reason}."
    out.result(data, tables.slate(slate, answers.catalog, why), text)
    if numbers and not out.json:
        evidence_tables.show(found, out)


def filters_of(texts: list[str] | None) -> dict[str, str]:
    """["brand=Indult", …] -> {"brand": "Indult"}"""
    return dict(_split(text) for text in texts or [])


def _split(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text!r}: write COLUMN=VALUE")
    return name.strip(), value
