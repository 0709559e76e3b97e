"""What `check` says of tables of a database and of how items are used; and what `init` finds there."""

from typing import TYPE_CHECKING

from .output import Output, Table

if TYPE_CHECKING:
    from ..lifecycle import Project
    from ..lifecycle.check import Checked


def show_source(found: "Checked", out: Output) -> None:
    source = found.source
    if source is None:
        return
    if source.problem:
        out.say(f"Tables of {source.where}: {source.problem}\n")
        return
    rows = [[one.name[:60], "" if one.rows < 0 else f"{one.rows}", ", ".join(one.columns)] for one in source.tables]
    Table(f"Tables of {source.where}", ["table", ">rows", "columns"], rows).print()
    if source.missing:
        out.say(f"No table has: {', '.join(source.missing)}. Name your columns in recipe.toml, or leave them out.\n")


def show_usage(found: "Checked", out: Output) -> None:
    used = found.usage
    if used is None:
        return
    if used.unknown:
        out.say(f"{used.unknown} items have none or few of the numbers: they are placed by what else is known of them.")
    if used.spare:
        out.say(
            f"{used.spare} items are another id of {used.groups} that are there already: the first of each is shown, "
            "and has the events of all."
        )
    if not used.kinds:
        out.say(
            "No real events yet: tastemaker import FILE. Until then `tastemaker train` invents users, marked as such."
        )
        return
    kinds = ", ".join(f"{n} {kind}s" for kind, n in used.kinds.items())
    out.say(f"{kinds} by {used.users} users, of {used.items} items ({found.n_items - used.items} items have none).")
    among = " among a part of the users" if used.sampled else ""
    often = f"{used.surprising:,} of them more than once and more often than by chance"
    out.say(f"{used.pairs:,} pairs of items occur together{among}, {often}.")


def pull(project: "Project", skip_bad_rows: bool, out: Output) -> bool:
    """What the project's tables hold, where its recipe names any and they are there; else why they could not be had.

    Is there anything that somebody did among it?
    """
    from ..errors import DataError, PartlyImported, StoreError
    from ..lifecycle.looking import source_url

    if source_url(project.store, project.recipe) is None:
        return False
    try:
        done = project.import_source(skip_bad_rows)
    except (DataError, StoreError) as error:
        if isinstance(error, PartlyImported):
            out.say(str(error))
        else:
            out.say(f"Nothing was imported: {error}")
            out.say("When that is mended: tastemaker import. Or: tastemaker import --catalog FILE")
        return False
    for one in done:
        out.say(f"{one.record.source}: {one.record.rows} rows read, {one.added} new, {one.record.refused} refused.")
    return any(one.what != "catalog" and one.record.loaded for one in done)
