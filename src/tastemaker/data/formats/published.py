"""What somebody published: a catalog, what users did, and sometimes the part to judge on; each file accounted for."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from time import time as clock

import numpy as np

from ...errors import DataError
from ..arrays import Float64, Int32, Int64
from ..catalog import Catalog
from ..columns import CatalogColumns, EventColumns
from ..dataset import Dataset
from ..events import Events, events_of
from ..nearest import did_you_mean
from ..table import BadRow


@dataclass(frozen=True)
class File:
    """what: "catalog" or the kind of events; loaded + merged + len(refused) = the rows of the file.

    digest: sha256 of its bytes; repaired: characters that the encoding's fall-back read
    """

    name: str
    what: str
    digest: str
    loaded: int
    refused: tuple[BadRow, ...] = ()
    repaired: int = 0
    merged: int = 0


@dataclass(frozen=True)
class Published:
    """
    events:  what to learn from; all there is when `test` is None
    test:    what to judge on, where it comes split: the same users and items as `events`
    files:   in the order catalog, events, test; the catalog may have none of its own
    columns: what the columns of its events are called, and the ends of its grades
    items:   what the columns of its catalog are called; None = nothing is known of an item but its id
    note:    what had to be assumed, for the protocol; "" = nothing
    keys:    one an event, what makes it the same event when the file comes again; () = what it says
    """

    source: str
    events: Dataset
    test: Dataset | None
    files: tuple[File, ...]
    columns: EventColumns
    items: CatalogColumns | None = None
    note: str = ""
    keys: tuple[str, ...] = ()

    @property
    def catalog(self) -> Catalog:
        return self.events.catalog

    def refuse_bad_rows(self) -> None:
        """DataError that shows the first bad rows of the first file that has some."""
        for file in self.files:
            if file.refused:
                shown = "; ".join(f"line {bad.line}: {bad.reason}" for bad in file.refused[:3])
                more = f" (and {len(file.refused) - 3} more)" if len(file.refused) > 3 else ""
                raise DataError(
                    f"{file.name}, {shown}{more}. Fix the rows or pass --skip-bad-rows. Nothing was changed."
                )


def read_bytes(folder: Path, name: str) -> bytes:
    """A file of a published folder; DataError for one that is missing or empty."""
    path = folder / name
    if not folder.is_dir():
        what = "is a file. Name the folder that it lies in" if folder.exists() else "does not exist. Check the path"
        raise DataError(f"{folder} {what}; it should hold {name}.")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        held = sorted(other.name for other in folder.iterdir())
        hint = did_you_mean(name, held) or "."
        raise DataError(f"{folder} has no {name}{hint} It holds: {', '.join(held[:10]) or 'nothing'}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    if not data.strip():
        raise DataError(f"{path} is empty. Copy or download the data set again.")
    return data


def without_lines(data: bytes, lines: Collection[int]) -> bytes:
    """The same text with these lines, counted from 1, left blank."""
    if not lines:
        return data
    return b"\n".join(b"" if at in lines else line for at, line in enumerate(data.split(b"\n"), 1))


def heard_now(
    user: Int64 | Int32, item: Int64 | Int32, kind: str = "like", value: Float64 | None = None, time: Int64 | int = 0
) -> Events:
    """Events that we hear of now. value: None = 1 each; time: UTC seconds, 0 = nobody says when."""
    values = np.ones(len(user)) if value is None else value
    columns = user.astype(np.int32), item.astype(np.int32), values.astype(np.float32)
    now = np.full(len(user), int(clock()), np.int64)
    return replace(events_of(*columns, kind, time=time), received_at=now)


def repeated(user: Int64, item: Int64) -> Int64:
    """Positions of events whose (user, item) stood before."""
    order = np.lexsort((item, user))  # stable: the first stays first
    u, i = user[order], item[order]
    again = np.zeros(len(order), bool)
    again[1:] = (u[1:] == u[:-1]) & (i[1:] == i[:-1])
    return np.sort(order[again])
