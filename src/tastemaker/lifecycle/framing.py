"""tag-frames: what a detector sees in frames of the items, as a table that `import --tags` takes."""

from dataclasses import dataclass
from pathlib import Path

from ..data.catalog import Catalog
from ..data.frames import Detector, FramesRead, tag_folder, write_tags
from ..errors import QueryError, StoreError
from ..recipe import Recipe
from ..watch import Watch


@dataclass(frozen=True)
class FramesTagged:
    """unknown: names of folders or files that are no item; next: what to do with the file"""

    file: Path
    rows: int
    read: FramesRead
    unknown: tuple[str, ...]
    next: str


def tag_frames(
    catalog: Catalog,
    recipe: Recipe,
    folder: Path,
    model: Path,
    out: Path,
    *,
    share: float = 0.0,
    every: float = 2.0,
    most: int = 50,
    watch: Watch | None = None,
) -> FramesTagged:
    """The detector of the folder `model` looks at every frame of `folder`; nothing is imported yet."""
    read = tag_folder(folder, Detector.open(model).see, share, every, most, watch)
    columns = recipe.catalog.tagged
    try:
        rows = write_tags(read, out, columns.item, columns.tag, columns.user)
    except OSError as error:
        raise StoreError(f"{out} cannot be written: {error.strerror}. Name another file with --out.") from None
    unknown = tuple(one.item for one in read.items if not _known(catalog, one.item))
    return FramesTagged(out, rows, read, unknown, _next(recipe, out))


def _known(catalog: Catalog, name: str) -> bool:
    try:
        return catalog.find(name) >= 0
    except QueryError:
        return False


def _next(recipe: Recipe, out: Path) -> str:
    if recipe.catalog.tagged.into:
        return f"tastemaker import --tags {out}"
    return (
        'first say in recipe.toml where such tags go: a column of [catalog.tags], for example seen = "seen", also '
        f'under optional, and [catalog.tagged] into = "seen"; then tastemaker import --tags {out}'
    )
