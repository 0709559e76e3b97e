"""init, check, import, synthesize, forget, delist, relist."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .output import Json, Output, Quiet, Table, Verbose, Where, short

if TYPE_CHECKING:
    from ..lifecycle.check import Checked
    from ..lifecycle.imports import Imported

SkipBadRows = Annotated[bool, typer.Option("--skip-bad-rows", help="Import the good rows; report the bad ones.")]


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(check)
    app.command("import")(import_)
    app.command()(synthesize)
    app.command()(forget)
    app.command()(delist)
    app.command()(relist)


def init(
    directory: Annotated[Path, typer.Argument(help="The project's directory, made if it is not there.")],
    recipe: Annotated[str | None, typer.Option(help="A built-in recipe, or a .toml file.")] = None,
    catalog: Annotated[str | None, typer.Option(help="A file (CSV, TSV, JSON Lines, Parquet) or SQL URL.")] = None,
    guess: Annotated[str | None, typer.Option(help="A file that nobody prepared: a recipe is written for it.")] = None,
    database: Annotated[str | None, typer.Option(help="A SQL URL; SQLite in the project by default.")] = None,
    skip_bad_rows: SkipBadRows = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --guess: take every default, ask nothing.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a project from a recipe and a catalog; it can recommend at once."""
    from ..errors import RecipeError
    from ..lifecycle import Project

    out = Output(json, quiet)
    if guess is not None:
        from .guessing import guessed

        recipe = str(guessed(guess, directory, out, ask=not (yes or json or quiet)))
        catalog = catalog or guess
    if recipe is None:
        raise RecipeError("No recipe is named. Name one with --recipe, or have one written: --guess FILE")
    with Project.init(directory, recipe, catalog, database, skip_bad_rows) as project:
        n = len(project.catalog())
        where = project.store.where
    said = f"Made {directory}: {n} items, database {where}."
    next_ = f"Next: cd {directory}, then tastemaker check, tastemaker pretrain"
    if n == 0:
        next_ = f"Next: cd {directory}, then tastemaker import --catalog FILE"
    out.result({"project": str(directory), "recipe": recipe, "items": n, "database": where}, text=f"{said}\n{next_}")


def check(where: Where = ".", json: Json = False, verbose: Verbose = False) -> None:
    """What was read: rows, columns, gaps, families; and what the families' lexicon does not know."""
    from dataclasses import asdict

    from ..lifecycle import Project

    with Project.open(where) as project:
        found = project.check()
    out = Output(json, verbose=verbose)
    if json:
        data = {**found.__dict__, "imports": [asdict(i) for i in found.imports]}
        data["coverage"] = {
            "tags": found.coverage.tags,
            "known": found.coverage.known_tags,
            "unknown": list(found.coverage.unknown[:100]),
            "items_without_family": int(found.coverage.silent.sum()),
        }
        out.result(data)
        return
    _show_check(found, out)


def _show_check(found: "Checked", out: Output) -> None:
    rows = [
        [short(i.source, 50), i.what, str(i.rows), str(i.loaded), str(i.merged), str(i.refused), str(i.repaired)]
        for i in found.imports
    ]
    Table(
        "Files read", ["source", "as", ">rows", ">loaded", ">merged", ">refused", ">characters repaired"], rows
    ).print()
    for source, bad in found.refusals.items():
        for line, reason in bad if out.verbose else bad[:10]:
            out.say(f"refused: {source}, line {line}: {reason}")
    delisted = found.n_items - found.n_available
    out.say(f"{found.n_items} items{f', {delisted} of them delisted' if delisted else ''}.\n")
    columns = [[n, kind, str(found.gaps.get(n, 0))] for n, kind in found.columns.items()]
    Table("Columns", ["name", "kind", ">items without"], columns).print()
    if not found.families:
        return
    Table(
        "Families (items that belong to it most)",
        ["family", ">items"],
        [[f, str(n)] for f, n in found.families.items()],
    ).print()
    c = found.coverage
    known = f"{c.known_tags / c.tags:.1%}" if c.tags else "none"
    out.say(f"The lexicon knows {known} of {c.tags} tags; {int(c.silent.sum())} items have no family at all.")
    if c.unknown:
        shown = c.unknown if out.verbose else c.unknown[:12]
        out.say(f"Most frequent unknown tags: {', '.join(shown)}. Add them to [tastes.families] in recipe.toml.")


def import_(
    source: Annotated[str, typer.Argument(help="A file or SQL URL: rankings, ratings or likes of real users.")],
    catalog: Annotated[bool, typer.Option("--catalog", help="The file holds items, not events.")] = False,
    delist_missing: Annotated[
        bool, typer.Option("--delist-missing", help="With --catalog: items that are not in the file are delisted.")
    ] = False,
    skip_bad_rows: SkipBadRows = False,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Import real users' rankings or ratings, or more of the catalog; the same file twice adds nothing."""
    from ..lifecycle import Project

    with Project.open(where) as project:
        if catalog:
            done = project.import_catalog(source, skip_bad_rows, delist_missing)
        else:
            done = project.import_(source, skip_bad_rows)
    _show_import(done, Output(json, quiet))


def _show_import(done: "Imported", out: Output) -> None:
    r = done.record
    for bad in done.refused[:10]:
        out.say(f"refused {r.source}, line {bad.line}: {bad.reason}")
    what = "items" if done.what == "catalog" else f"{done.what} events"
    again = " (this very file was imported before)" if done.again else ""
    changed = f", {done.changed} changed" if done.changed else ""
    text = f"{r.source}: {r.rows} rows read, {done.added} new {what}{changed}, {r.refused} refused{again}."
    if done.what != "catalog" and done.added:
        text += "\nNext: tastemaker train --from active"
    data = {**r.__dict__, "added": done.added, "changed": done.changed, "again": done.again}
    out.result({**data, "refusals": [bad._asdict() for bad in done.refused]}, text=text)


def synthesize(
    users: Annotated[int | None, typer.Option(help="How many users to invent; the recipe's number by default.")] = None,
    rankings: Annotated[int | None, typer.Option(help="How many items each of them ranks.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed invents the same users.")] = 0,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Invent users and their rankings, as events marked synthetic; pretrain does this by itself."""
    from ..lifecycle import Project

    with Project.open(where) as project:
        made = project.synthesize(users, rankings, seed)
    n, events = len(made.dataset.users), len(made.dataset)
    balance = [["archetype", k, str(v)] for k, v in made.archetypes.items()]
    balance += [["family of ranked items", k, str(v)] for k, v in made.families.items()]
    data = {"users": n, "events": events, "archetypes": made.archetypes, "families": made.families, "seed": seed}
    Output(json, quiet).result(
        data, Table("Balance", ["", "name", ">count"], balance), f"{n} invented users, {events} synthetic events."
    )


def forget(user: str, where: Where = ".", json: Json = False) -> None:
    """Remove a user: events, slates, and what else is kept; says which versions had learned from them."""
    from ..lifecycle import Project

    with Project.open(where) as project:
        gone = project.forget(user)
    learned = f" Versions that had learned from them: {', '.join(map(str, gone.versions))}." if gone.versions else ""
    Output(json).result(gone._asdict(), text=f"Forgot {user}: {gone.events} events, {gone.slates} slates.{learned}")


def delist(item: str, where: Where = ".", json: Json = False) -> None:
    """Take an item out of every answer at once; its events stay."""
    _set_available(item, False, where, Output(json))


def relist(item: str, where: Where = ".", json: Json = False) -> None:
    """Bring a delisted item back."""
    _set_available(item, True, where, Output(json))


def _set_available(item: str, available: bool, where: str, out: Output) -> None:
    from ..lifecycle import Project

    with Project.open(where) as project:
        id_ = project.set_available(item, available)
    said = "can be recommended again" if available else "is not recommended any more"
    out.result({"item": id_, "available": available}, text=f"{id_} {said}.")
