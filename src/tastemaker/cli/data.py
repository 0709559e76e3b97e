"""init, check, import, forget, delist, relist."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import checking
from .output import Json, Output, Quiet, Table, Verbose, Where, short

if TYPE_CHECKING:
    from ..lifecycle.check import Checked
    from ..lifecycle.imports import Imported, ImportedSet

SkipBadRows = Annotated[bool, typer.Option("--skip-bad-rows", help="Import the good rows; report the bad ones.")]
Format = Annotated[
    str | None,
    typer.Option("--format", help="movielens or lightgcn for a folder; csv or parquet whatever the file's name says."),
]


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(check)
    app.command("import")(import_)
    app.command()(forget)
    app.command()(delist)
    app.command()(relist)


def init(
    directory: Annotated[Path, typer.Argument(help="The project's directory, made if it is not there.")],
    source: Annotated[
        str | None, typer.Argument(help="Instead of a recipe: a public data set or a table of events, see --format.")
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="A built-in recipe, or a .toml file.")] = None,
    catalog: Annotated[str | None, typer.Option(help="A file (CSV, TSV, JSON Lines, Parquet) or SQL URL.")] = None,
    guess: Annotated[str | None, typer.Option(help="A file that nobody prepared: a recipe is written for it.")] = None,
    database: Annotated[str | None, typer.Option(help="A SQL URL; SQLite in the project by default.")] = None,
    skip_bad_rows: SkipBadRows = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --guess: take every default, ask nothing.")] = False,
    format_: Format = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a project from a recipe and a catalog, or from a public data set; it can recommend at once."""
    from ..errors import RecipeError
    from ..lifecycle import Project

    out = Output(json, quiet)
    if guess is not None and guess.startswith("-"):
        raise RecipeError(f"--guess needs a file after it, not {guess}: tastemaker init DIR --guess FILE.csv")
    if source is not None or format_ is not None:
        if source is None or recipe or catalog or guess:
            raise RecipeError("A data set brings its own recipe: tastemaker init DIR SOURCE --format NAME, no more.")
        _init_published(directory, source, format_, database, skip_bad_rows, out)
        return
    if guess is not None:
        from .guessing import guessed

        recipe = str(guessed(guess, directory, out, ask=not (yes or json or quiet)))
        catalog = catalog or guess
    if recipe is None:
        raise RecipeError("No recipe is named. Name one with --recipe, or have one written: --guess FILE")
    with Project.init(directory, recipe, catalog, database, skip_bad_rows) as project:
        used = catalog is None and checking.pull(project, skip_bad_rows, out)
        n = len(project.catalog())
        where, days = project.store.where, project.recipe.life.users > 0
        teachable = bool(project.recipe.synth.archetypes)
    said = f"Made {directory}: {n} items, database {where}."
    then = "train" if used else "pretrain" if teachable else "import FILE, tastemaker train"
    next_ = f"Next: cd {directory}, then tastemaker check, tastemaker {then}"
    if days:
        next_ = f'Next: cd {directory}, then tastemaker recommend --text "…", tastemaker synthesize, tastemaker train'
    if n == 0:
        next_ = f"Next: cd {directory}, then tastemaker import --catalog FILE"
    out.result({"project": str(directory), "recipe": recipe, "items": n, "database": where}, text=f"{said}\n{next_}")


def _init_published(
    directory: Path, source: str, format_: str | None, database: str | None, skip_bad_rows: bool, out: Output
) -> None:
    from ..lifecycle import Project

    with Project.init_published(directory, source, format_, database, skip_bad_rows) as project:
        n, imports = len(project.catalog()), project.imports()
        where, teachable = project.store.where, bool(project.recipe.synth.archetypes)
    events = sum(done.loaded for done in imports if done.what != "catalog")
    files = sorted(done.source for done in imports)
    said = f"Made {directory} from {', '.join(files)}: {n} items, {events} events, database {where}."
    next_ = f"Next: cd {directory}, then tastemaker compare{', tastemaker pretrain' if teachable else ''}"
    data = {"project": str(directory), "items": n, "events": events, "database": where}
    out.result({**data, "files": files}, text=f"{said}\n{next_}")


def check(where: Where = ".", json: Json = False, verbose: Verbose = False) -> None:
    """What was read: rows, columns, gaps, families; and what the families' lexicon does not know."""
    from dataclasses import asdict

    from ..lifecycle import Project

    with Project.open(where) as project:
        found = project.check()
    out = Output(json, verbose=verbose)
    if json:
        data = {**found.__dict__, "imports": [asdict(i) for i in found.imports]}
        data |= {name: one and asdict(one) for name, one in (("usage", found.usage), ("source", found.source))}
        data["coverage"] = {
            "tags": found.coverage.tags,
            "known": found.coverage.known_tags,
            "unknown": list(found.coverage.unknown[:100]),
            "items_without_family": int(found.coverage.silent.sum()),
        }
        out.result(data)
        return
    checking.show_source(found, out)
    _show_check(found, out)
    checking.show_usage(found, out)


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
    delisted = found.n_items - found.n_available - (found.usage.spare if found.usage is not None else 0)
    out.say(f"{found.n_items} items{f', {delisted} of them delisted' if delisted > 0 else ''}.\n")
    columns = [[n, kind, str(found.gaps.get(n, 0))] for n, kind in found.columns.items()]
    Table("Columns", ["name", "kind", ">items without"], columns).print()
    if found.unused:
        names, more = found.unused if out.verbose else found.unused[:12], len(found.unused) - 12
        said = ", ".join(names) + (f" and {more} more (-v)" if more > 0 and not out.verbose else "")
        out.say(
            f"Not used: {said}. Name what matters in recipe.toml, as text, tags, categories or numbers of [catalog];"
        )
        out.say("then import the catalog again.\n")
    if not found.families:
        return
    Table(
        "Families (items of which each is the main one)",
        ["family", ">items"],
        [*([f, str(n)] for f, n in found.families.items()), ["(none)", str(int(found.coverage.silent.sum()))]],
    ).print()
    c = found.coverage
    known = f"{c.known_tags / c.tags:.1%}" if c.tags else "none"
    out.say(f"The lexicon knows {known} of {c.tags} tags. An item of several families alike counts for each of them.")
    if c.unknown:
        shown = c.unknown if out.verbose else c.unknown[:12]
        out.say(f"Most frequent unknown tags: {', '.join(shown)}. Add them to [tastes.families] in recipe.toml.")


def import_(
    source: Annotated[
        str | None,
        typer.Argument(
            help="A file, a SQL URL or a folder (--format): what real users ranked, rated, liked or played. Without "
            "it, the tables that the recipe names under [source]."
        ),
    ] = None,
    catalog: Annotated[bool, typer.Option("--catalog", help="The file holds items, not events.")] = False,
    tags: Annotated[
        bool, typer.Option("--tags", help="The file holds tags of items, one a row; see [catalog.tagged].")
    ] = False,
    delist_missing: Annotated[
        bool, typer.Option("--delist-missing", help="With --catalog: items that are not in the file are delisted.")
    ] = False,
    skip_bad_rows: SkipBadRows = False,
    format_: Format = None,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Import real users' rankings or ratings, more of the catalog, or tags; the same file twice adds nothing."""
    from ..data.formats import TABLES
    from ..errors import DataError
    from ..lifecycle import Project

    out = Output(json, quiet)
    if tags and (catalog or delist_missing):
        raise DataError("--tags is a table of its own. Leave out --catalog and --delist-missing.")
    show: Callable[[Any, Output], None] = _show_import
    done: Any
    with Project.open(where) as project, out.watching() as watch:
        if source is None:
            if tags or catalog or delist_missing or format_ is not None:
                raise DataError("Name the file. Without one, items and events come from [source] of recipe.toml.")
            show, done = _show_sources, project.import_source(skip_bad_rows, watch)
        elif format_ is not None and format_ not in TABLES:
            if catalog or delist_missing or tags:
                raise DataError(
                    f"--format {format_} brings its own catalog. Leave out --catalog, --tags and --delist-missing."
                )
            show, done = _show_set, project.import_published(source, format_, skip_bad_rows, watch)
        elif catalog:
            done = project.import_catalog(source, skip_bad_rows, delist_missing, format_, watch)
        elif tags:
            done = project.import_tags(source, skip_bad_rows, format_)
        else:
            done = project.import_(source, skip_bad_rows, format_, watch)
    show(done, out)


def _show_set(done: "ImportedSet", out: Output) -> None:
    events = [file for file in done.files if file.what != "catalog"]
    text = "\n".join(_told(file, out) for file in done.files)
    if len(events) == len(done.files) and done.items:
        text += f"\n{done.items} new items: nothing names them but their ids."
    if len(events) > 1:
        text += "\nAll parts are events here; to judge on the published split: tastemaker compare FOLDER --format NAME"
    if any(file.added for file in events):
        text += "\nNext: tastemaker compare"
    out.result({"items": done.items, "files": [_as_json(file) for file in done.files]}, text=text)


def _show_sources(done: "list[Imported]", out: Output) -> None:
    text = "\n".join(_told(one, out) for one in done)
    out.result({"tables": [_as_json(one) for one in done]}, text=f"{text}\nNext: tastemaker check, tastemaker train")


def _show_import(done: "Imported", out: Output) -> None:
    text = _told(done, out)
    if done.what not in ("catalog", "tags") and done.added:
        text += "\nNext: tastemaker train"
    out.result(_as_json(done), text=text)


def _told(done: "Imported", out: Output) -> str:
    r = done.record
    for bad in done.refused[:10]:
        out.say(f"refused {r.source}, line {bad.line}: {bad.reason}")
    if done.what == "tags":
        return f"{r.source}: {r.rows} rows read, tags of {done.changed} items changed, {r.refused} refused."
    what = "items" if done.what == "catalog" else f"{done.what} events"
    again = " (this very file was imported before)" if done.again else ""
    changed = f", {done.changed} changed" if done.changed else ""
    return f"{r.source}: {r.rows} rows read, {done.added} new {what}{changed}, {r.refused} refused{again}."


def _as_json(done: "Imported") -> dict[str, Any]:
    data = {**done.record.__dict__, "added": done.added, "changed": done.changed, "again": done.again}
    return {**data, "refusals": [bad._asdict() for bad in done.refused]}


def forget(user: str, where: Where = ".", json: Json = False) -> None:
    """Remove a user: events, slates, and what else is kept; says which versions had learned from them."""
    from ..lifecycle import Project

    with Project.open(where) as project:
        gone = project.forget(user)
    learned = " No version had learned from them, so nothing is left to do."
    if gone.versions:
        learned = (
            f" Versions that had learned from them: {', '.join(map(str, gone.versions))}. They keep what they learned, "
            "without a name.\nTo be rid of that, too: learn anew (tastemaker train; where that goes on from a parent, "
            "tastemaker pretrain first), activate what is new, then: tastemaker prune --keep 1"
        )
    rows = f", {gone.foreign} rows of other tables" if gone.foreign else ""
    Output(json).result(
        gone._asdict(), text=f"Forgot {user}: {gone.events} events, {gone.slates} slates{rows}.{learned}"
    )


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
