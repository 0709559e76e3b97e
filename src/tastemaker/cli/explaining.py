"""explain: what counted for each item, as numbers that add up, and in words."""

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from . import evidence_tables
from .output import Json, Output, Quiet, Where, pairs
from .recommending import Context, Filter, Like, Now, Place, Rate, Taste, Text, context_of, filters_of

if TYPE_CHECKING:
    from ..explain import Wording
    from ..explain.explainer import Explained
    from ..store import Store

Words = Annotated[
    Literal["template", "llm"], typer.Option(help="llm: by the language model of [explain] in recipe.toml; slow, kept.")
]


def register(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    like: Like = None,
    taste: Taste = None,
    rate: Rate = None,
    user: Annotated[str | None, typer.Option(help="A user whose events the project knows.")] = None,
    n: Annotated[int, typer.Option("-n", help="How many.")] = 3,
    filter_: Filter = None,
    text: Text = None,
    context: Context = None,
    place: Place = "",
    now: Now = None,
    slate: Annotated[int | None, typer.Option(help="Instead of a question: the number of an answer.")] = None,
    recent: Annotated[int, typer.Option(help="Also find words for the newest answers that were kept.")] = 0,
    words: Words = "template",
    model: Annotated[str | None, typer.Option(help="Another folder or name of a model than the recipe's.")] = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch a model that is not here.")] = False,
    background: Annotated[bool, typer.Option("--background", help="With --slate, --recent: as a job.")] = False,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Why these items: what counted for each, as numbers that add up to its score, and in words."""
    from ..errors import QueryError
    from ..explain.explainer import wording_of
    from ..store import Store
    from ..store.location import find_root

    if recent and words == "template" and not background:
        raise QueryError("--recent finds words by a language model. Add --words llm, or --background.")
    out = Output(json, quiet)
    asked: dict[str, Any] = {"likes": like or [], "taste": pairs(taste or [], "woody=0.9"), "user": user, "n": n}
    asked |= {"ratings": pairs(rate or [], "'Some Title=4'"), "filters": filters_of(filter_), "place": place}
    asked |= {"text": text, "context": context_of(context), "now": now}
    with closing(Store.open(find_root(where))) as store:
        if background:
            _queue(store, [] if slate is None else [slate], recent, out)
            return
        found, note = _explained(store, slate, asked), ""
        if words == "llm":
            kept = wording_of(store.recipe())
            chosen = replace(kept, model=model or kept.model, download=download or kept.download)
            note = _improved(store, found, recent, chosen, out)
            found = _told_by(store, found, chosen)
    data = {"items": found.as_json(), "version": found.slate.version, "level": found.slate.level, "note": note}
    out.result(data if out.json else None)
    if not out.json:
        evidence_tables.show(found, out, words=True)
        out.result(None, None, note)


def _explained(store: "Store", slate: int | None, asked: dict[str, Any]) -> "Explained":
    from ..explain.explainer import explain_answers, explain_slate
    from ..store.answers import Answers

    return explain_answers(Answers.open(store), asked) if slate is None else explain_slate(store, slate)


def _improved(store: "Store", found: "Explained", recent: int, wording: "Wording", out: Output) -> str:
    """What came of asking the model; a model or library that is not there is a note, and the template stays."""
    from ..errors import MissingExtra, RecipeError
    from ..explain.explainer import explain_slate
    from ..lifecycle.explaining import improve_words
    from ..store.slates import latest_slates

    with store.read() as conn:
        numbers = latest_slates(conn, recent)
    try:
        with out.watching() as watch:
            done = improve_words(store, [found, *(explain_slate(store, n) for n in numbers)], wording, watch)
    except (MissingExtra, RecipeError) as missing:
        return f"Note: {missing}"
    refused = "".join(f"\n  refused: {why}" for _, why in done.refusals)
    return f"{wording.model}: {done}.{refused}"


def _told_by(store: "Store", found: "Explained", wording: "Wording") -> "Explained":
    """The same with this model's words, which may be another than the recipe's."""
    from ..explain.explainer import worded
    from ..store import read_catalog

    with store.read() as conn:
        return worded(store, found.slate, found.evidence, read_catalog(conn), wording)


def _queue(store: "Store", slates: list[int], recent: int, out: Output) -> None:
    from ..lifecycle.explaining import start_words

    job = start_words(store, slates, recent, again=True)
    out.result({"job": job}, text=f"Job {job} looks for words. See: tastemaker jobs list")
