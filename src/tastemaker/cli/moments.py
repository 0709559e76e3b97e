"""synthesize, sync, train-emotion: invented lives, another program's tables, and what reads a feeling off a text."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .output import Json, Output, Quiet, Table, Where

if TYPE_CHECKING:
    from ..lifecycle.life import Lived
    from ..lifecycle.texts import TextsLearned


def register(app: typer.Typer) -> None:
    app.command()(synthesize)
    app.command()(sync)
    app.command("train-emotion")(train_emotion)


def synthesize(
    users: Annotated[int | None, typer.Option(help="How many users to invent; the recipe's number by default.")] = None,
    rankings: Annotated[int | None, typer.Option(help="How many items each of them ranks.")] = None,
    emotion_logs: Annotated[int | None, typer.Option(help="Feelings that each of them tells.")] = None,
    clicks: Annotated[int | None, typer.Option(help="Items that each of them opens.")] = None,
    interactions: Annotated[int | None, typer.Option(help="Items that each of them stays with.")] = None,
    days: Annotated[float | None, typer.Option(help="How many days of life.")] = None,
    match: Annotated[float | None, typer.Option(help="Share of choices that match the mapping.")] = None,
    delay: Annotated[tuple[float, float] | None, typer.Option(help="Seconds from a feeling to a choice.")] = None,
    after: Annotated[tuple[float, float] | None, typer.Option(help="Seconds from opening to staying with it.")] = None,
    away: Annotated[float | None, typer.Option(help="Chance that a session is not at home.")] = None,
    move: Annotated[float | None, typer.Option(help="Chance that the place changes within a session.")] = None,
    rhythm: Annotated[float | None, typer.Option(help="Hours around a person's own time of the day.")] = None,
    habit: Annotated[float | None, typer.Option(help="Share of choices by habit in a person's hours of it.")] = None,
    habit_hours: Annotated[float | None, typer.Option(help="How long the hours of habit are.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed invents the same users.")] = 0,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Invent users and what they do, marked synthetic: rankings, or days of life where the recipe has [life]."""
    asked: dict[str, Any] = {"texts": emotion_logs, "clicks": clicks, "interactions": interactions, "days": days}
    asked |= {"match": match, "delay": delay, "after": after, "away": away, "move": move, "rhythm": rhythm}
    asked |= {"habit": habit, "habit_hours": habit_hours}
    _synthesize(users, rankings, {k: v for k, v in asked.items() if v is not None}, seed, where, Output(json, quiet))


def _synthesize(
    users: int | None, rankings: int | None, options: dict[str, Any], seed: int, where: str, out: Output
) -> None:
    from ..errors import QueryError
    from ..lifecycle import Project

    with Project.open(where) as project:
        if project.recipe.life.users:
            if rankings is not None:
                raise QueryError("--rankings: the people of this recipe live days, they rank nothing. See --clicks.")
            more = {} if users is None else {"users": users}
            _show_life(project.synthesize_life(seed, **more, **options), out)
            return
        if options:
            raise QueryError("This recipe has no [life], so its people only rank: give --users and --rankings.")
        made = project.synthesize(users, rankings, seed)
    n, events = len(made.dataset.users), len(made.dataset)
    balance = [["archetype", k, str(v)] for k, v in made.archetypes.items()]
    balance += [["family of ranked items", k, str(v)] for k, v in made.families.items()]
    data = {"users": n, "events": events, "archetypes": made.archetypes, "families": made.families, "seed": seed}
    said = f"{n} invented users, {events} synthetic events."
    out.result(data, Table("Balance", ["", "name", ">count"], balance), said)


def _show_life(made: "Lived", out: Output) -> None:
    from ..synth.life_checks import misses

    found, n, missed = made.patterns, len(made.dataset.users), misses(made.life, made.patterns)
    rows = [
        [
            "choices that match the mapping",
            f"{found.match:.1%}",
            f"{made.life.match:.0%} without habit, and chance",
        ],
        ["seconds from feeling to choice", _seconds(found.delays), f"{made.life.delay[0]:g} to {made.life.delay[1]:g}"],
        ["seconds from choice to staying", _seconds(found.after), f"{made.life.after[0]:g} to {made.life.after[1]:g}"],
        ["choices before their cause", str(found.late), "0"],
        ["at the place of the feeling", f"{found.same_place:.1%}", f"about {(1.0 - made.life.move) ** 2:.0%} or more"],
        ["feelings in a person's half of the day", f"{found.rhythm:.1%}", "50% were without rhythm"],
    ]
    data: dict[str, Any] = {"users": n, "events": len(made.dataset), "feelings": len(made.days.user), "seed": made.seed}
    data |= {"clicks": len(made.days.clicks.user), "interactions": len(made.days.interactions.user)}
    data |= {"patterns": asdict(found), "rows": dict(made.rows), "missed": missed}
    said = f"{n} invented users: {data['feelings']} feelings, {data['clicks']} clicks, "
    said += f"{data['interactions']} interactions."
    said += "".join(f"\nNot as asked for: {one}" for one in missed)
    if made.rows:
        said += f"\nAlso written to {', '.join(made.rows)}. Next: tastemaker train"
    out.result(data, Table("What their days show", ["", "found (median, 5–95 %)", "wanted"], rows), said)


def _seconds(spread: tuple[float, float, float]) -> str:
    return f"{spread[0]:.0f} ({spread[1]:.0f}–{spread[2]:.0f})"


def sync(
    blank: Annotated[bool, typer.Option(help="Empty texts that are older than the recipe keeps them.")] = False,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read the tables of another program ([foreign] in the recipe); what is known already adds nothing."""
    from ..lifecycle import Project

    with Project.open(where) as project:
        found = project.sync(blank=blank)
    rows = [
        [t.table, str(t.rows), str(t.events), str(t.added), str(t.texts), str(t.invented), str(sum(t.lost.values()))]
        for t in found.tables
    ]
    heads = ["table", ">rows", ">events", ">new", ">feelings only", ">invented", ">lost"]
    lost = [f"{t.table}: {n} rows lost: {why}." for t in found.tables for why, n in t.lost.items()]
    text = "\n".join([*lost, f"{found.blanked} old texts were emptied." if blank else ""]).strip()
    nothing = "There is no such database yet." if not found.tables else text
    Output(json, quiet).result(asdict(found), Table("Tables read", heads, rows) if rows else None, nothing)


def train_emotion(
    source: Annotated[
        Path | None, typer.Argument(help="A folder with train.tsv, dev.tsv, test.tsv, or a file; none = the lexicon.")
    ] = None,
    block: Annotated[str | None, typer.Option(help="Which [context.NAME]; the first by default.")] = None,
    encoder: Annotated[
        str,
        typer.Option(
            help="words, or a sentence-transformers model: its name or folder (pip install tastemaker[sentences])."
        ),
    ] = "words",
    force: Annotated[bool, typer.Option(help="Let it read, also where it is worse than what reads now.")] = False,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Learn to read feelings off texts, from labelled ones; says how well, label by label, on texts kept aside."""
    from ..lifecycle import Project

    out = Output(json, quiet)
    with Project.open(where) as project, out.watching() as watch:
        found = project.train_emotion(source, block, encoder, watch, force)
    rows = [[label, f"{value:.3f}"] for label, value in found.f1.items()]
    table = Table(f"F1 on {found.counts.get('test', 0)} texts kept aside", ["label", ">F1"], rows) if rows else None
    out.result(asdict(found), table, _learned(found))


def _learned(found: "TextsLearned") -> str:
    took = f"Learned from {found.source} in {found.seconds:.1f} s."
    if not found.f1:
        return f"{took} No labelled texts were kept aside, so nothing is said of how well."
    before = "" if found.before is None else f" (the one before: {found.before:.3f})"
    skipped = f" {found.skipped} rows had no text, or no label that is known." if found.skipped else ""
    aside = "" if found.activated else "\nThe one before is better and goes on reading. To replace it: --force"
    return f"{took}{skipped}\nMacro F1 {found.macro_f1:.3f}{before}; calibration error {found.ece:.3f}.{aside}"
