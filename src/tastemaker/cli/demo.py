"""demo: the whole story on a catalog that is invented on the spot."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import tables
from .output import Json, Output, Quiet

if TYPE_CHECKING:
    from ..lifecycle import Project

Keep = Annotated[Path | None, typer.Option(help="Keep the demo's project in this directory.")]


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    recipe: Annotated[str | None, typer.Argument(help="A built-in recipe; the simplest one by default.")] = None,
    keep: Keep = None,
    seed: Annotated[int, typer.Option(help="Another seed invents another catalog.")] = 0,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The whole story in a minute: a catalog, invented users, learning, judgement, explained recommendations."""
    from tempfile import TemporaryDirectory

    from ..recipe import first_sample

    out = Output(json, quiet)
    recipe = recipe or first_sample()
    if keep is not None:
        _story(recipe, keep, seed, out)
        out.say(f"\nThe project is in {keep}: cd {keep}, then tastemaker recommend --taste …")
        out.say(f"See it in the browser: tastemaker app -p {keep}")
        return
    with TemporaryDirectory(prefix="tastemaker-demo-") as folder:
        _story(recipe, Path(folder) / "shop", seed, out)


def _story(recipe: str, folder: Path, seed: int, out: Output) -> None:
    from ..lifecycle import Project
    from ..lifecycle.sample import sample_file
    from .learning import show_pretrained

    file = sample_file(recipe, folder.parent / f"{folder.name}-catalog.csv", seed)
    with Project.init(folder, recipe, file) as project:
        out.say(f"1. An invented catalog of {len(project.catalog())} items ({project.recipe.title}). No user at all.\n")
        if project.recipe.life.users:
            _days(project, seed, out)
            return
        out.say("2. Features, invented users, and every model of the recipe:")
        with out.watching() as watch:
            done = project.pretrain(seed, watch)
        if not out.json:
            show_pretrained(done, project.recipe.judge.metric, out)
        taste, like = _somebody(project)
        found = project.explain(likes=[like], taste=taste, n=5)
        slate, why = found.slate, list(found.words)
        wishes = ", ".join(f"{name} {value}" for name, value in taste.items())
        out.say(f"3. Somebody likes “{like}” and states {wishes}. Version {slate.version} answers:")
        data = {"active": done.active.id, "algorithm": done.active.algorithm, "items": slate.items, "why": why}
        out.result(data, tables.slate(slate, project.catalog(), why))
    mine = f"tastemaker init shop --recipe {recipe} --catalog FILE.csv"
    out.say(f"Your own catalog: {mine}   (any table: --guess FILE.csv)")


def _days(project: "Project", seed: int, out: Output) -> None:
    """The story of a recipe whose people live days: the mapping at first, then a network that knows their hours."""
    from time import time

    from ..explain.explainer import explain
    from .recommending import moment, told

    text, n = "long day, nothing worked, I just want to feel lighter", 5
    query, slate = project.answers.answer(text=text, n=n)
    labels = project.answers.contexts.labels if project.answers.contexts else {}
    out.say(f"2. Somebody types “{text}”. Nothing was learned yet:")
    out.say("   " + moment(slate, told(query.context, labels)) + f" ({slate.level_reason})\n")
    made = project.synthesize_life(seed, users=30, texts=150, clicks=120, interactions=20, habit=0.7)
    out.say(f"3. {len(made.dataset)} invented choices of 30 people, who have hours of habit; a network learns them:")
    with out.watching() as watch:
        done = project.train(seed=seed, watch=watch)
    out.say(f"   {getattr(done, 'why', '')}\n")
    user = made.dataset.users.ids[0]
    now = int(time()) // 86_400 * 86_400 + int(made.dataset.events.time[made.dataset.events.user == 0][-1] % 86_400)
    query, slate = project.answers.answer(text=text, n=n, user=user, now=now)
    felt, why = told(query.context, labels), list(explain(project.answers, query, slate).words)
    out.say(f"4. {user} types the same, at an hour of theirs:")
    out.say("   " + moment(slate, felt))
    data = {"active": slate.version, "spoke": slate.spoke, "context": felt, "items": slate.items, "why": why}
    out.result(data, tables.slate(slate, project.catalog(), why))
    out.say(f"Your own catalog: tastemaker init shop --recipe {project.recipe.name} --catalog FILE.csv")
    out.say('then: tastemaker recommend --text "…"')


def _somebody(project: "Project") -> tuple[dict[str, float], str]:
    """The tastes of a kind of user that names some, and an item that has much of the first."""
    recipe, catalog = project.recipe, project.catalog()
    kinds = [{t: v for t, v in kind.items() if t != "*"} for kind in recipe.synth.archetypes.values()]
    taste = [kind for kind in kinds if kind][:2][-1]
    membership = recipe.tastes.encode(catalog)
    first = recipe.tastes.names.index(next(iter(taste)))
    return taste, catalog.titles[int(membership[:, first].argmax())]
