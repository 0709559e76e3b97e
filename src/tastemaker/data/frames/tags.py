"""A folder of frames or videos as a table of tags, one row an item and tag, for `tastemaker import --tags`.

FOLDER/ITEM/anything.jpg    frames of an item, in a folder called as the item's id or title
FOLDER/ITEM.jpg             a picture of an item
FOLDER/ITEM.mp4             a video
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from ...errors import DataError
from ...watch import Watch
from .detector import Seen
from .picture import PICTURES, UInt8, read_picture
from .video import VIDEOS, frames_of

BY = "detector"  # who gave the tags, where a table says who


@dataclass(frozen=True)
class Tagged:
    """What was seen of an item: how many frames were looked at, and tag -> (frames that show it, its best score)."""

    item: str
    frames: int
    tags: dict[str, tuple[int, float]]


@dataclass(frozen=True)
class FramesRead:
    """refused: files that could not be read, and why"""

    items: tuple[Tagged, ...]
    refused: tuple[str, ...]

    @property
    def frames(self) -> int:
        return sum(item.frames for item in self.items)


def tag_folder(
    folder: Path,
    see: Callable[[UInt8], list[Seen]],
    share: float = 0.0,
    every: float = 2.0,
    most: int = 50,
    watch: Watch | None = None,
) -> FramesRead:
    """share: a tag that a smaller share of an item's frames shows is left out; every, most: frames of a video."""
    files = _files(folder)
    total, done = sum(map(len, files.values())), 0
    watch, found, refused = (watch or Watch()).on("frames"), list[Tagged](), list[str]()
    for item, mine in files.items():
        tags, frames = dict[str, tuple[int, float]](), 0
        for file in mine:
            try:
                for picture in _pictures(file, every, most):
                    _count(tags, see(picture))
                    frames += 1
            except DataError as error:
                refused.append(str(error))
            done += 1
            watch.progress(done, total)
        found.append(Tagged(item, frames, {tag: seen for tag, seen in tags.items() if seen[0] >= share * frames}))
    return FramesRead(tuple(found), tuple(refused))


def write_tags(read: FramesRead, file: Path, item: str = "item", tag: str = "tag", user: str = "") -> int:
    """A CSV with these column names, what most frames show first; how many rows. user: "" = without that column."""
    who, head = ([BY], [user]) if user else ([], [])
    rows = [
        (one.item, name, frames, one.frames, f"{score:.3f}", *who)
        for one in read.items
        for name, (frames, score) in sorted(one.tags.items(), key=lambda t: (-t[1][0], -t[1][1], t[0]))
    ]
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([(item, tag, "frames", "of", "score", *head), *rows])
    file.write_text(text.getvalue(), "utf-8", newline="")
    return len(rows)


def _files(folder: Path) -> dict[str, list[Path]]:
    """item -> its pictures and videos, in order of their names."""
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder. Give one of frames or videos, one sub-folder or file an item.")
    found: dict[str, list[Path]] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        inside = sorted(file for file in entry.rglob("*") if _readable(file)) if entry.is_dir() else [entry]
        for file in inside:
            if _readable(file):
                found.setdefault(entry.name if entry.is_dir() else entry.stem, []).append(file)
    if not found:
        kinds = ", ".join((*PICTURES[:3], *VIDEOS[:3]))
        raise DataError(f"{folder} holds no picture and no video ({kinds} …), nor a folder of them.")
    return found


def _readable(file: Path) -> bool:
    return file.is_file() and file.suffix.lower() in (*PICTURES, *VIDEOS)


def _pictures(file: Path, every: float, most: int) -> Iterator[UInt8]:
    if file.suffix.lower() in VIDEOS:
        yield from frames_of(file, every, most)
    else:
        yield read_picture(file)


def _count(tags: dict[str, tuple[int, float]], seen: list[Seen]) -> None:
    """One frame more: how often a thing stands in it is no matter."""
    best: dict[str, float] = {}
    for one in seen:
        best[one.label] = max(one.score, best.get(one.label, 0.0))
    for label, score in best.items():
        frames, before = tags.get(label, (0, 0.0))
        tags[label] = (frames + 1, max(score, before))
