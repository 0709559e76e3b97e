"""Folders of frames and videos as a table of tags."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from tastemaker.data.frames import Seen, tag_folder, write_tags
from tastemaker.errors import Cancelled, DataError, MissingExtra
from tastemaker.watch import Watch

from .made import save_picture, squares

pytest.importorskip("PIL")


def see(picture: np.ndarray) -> list[Seen]:
    """Says what colors a picture holds, the stronger the redder."""
    colors = [(name, float(picture[..., c].max()) / 255) for c, name in enumerate(("red", "green"))]
    return [Seen(name, score, (0, 0, 1, 1)) for name, score in colors if score > 0.1 for _ in range(2)]


def shop(folder: Path) -> Path:
    for n in range(4):
        parts = [("red", 0, 0, 3)] + [("green", 4, 0, 2)] * (n == 0)
        save_picture(folder / "Item One" / f"deep{n % 2}" / f"f{n}.png", squares(8, 8, *parts))
    save_picture(folder / "two.png", squares(8, 8, ("green", 0, 0, 2)))
    save_picture(folder / "three.png", squares(8, 8))
    (folder / "Item One" / "notes.txt").write_text("no picture")
    (folder / ".hidden").mkdir()
    (folder / "empty").mkdir()
    return folder


def test_a_tag_counts_the_frames_that_show_it(tmp_path: Path) -> None:
    seen: list[int] = []
    read = tag_folder(shop(tmp_path), see, watch=Watch(lambda progress: seen.append(progress.done)))
    assert {one.item: (one.frames, one.tags) for one in read.items} == {
        "Item One": (4, {"red": (4, 1.0), "green": (1, 1.0)}),
        "two": (1, {"green": (1, 1.0)}),
        "three": (1, {}),
    }
    assert read.frames == 6
    assert seen == [1, 2, 3, 4, 5, 6]
    often = tag_folder(tmp_path, see, share=0.5)
    assert often.items[0].tags == {"red": (4, 1.0)}


def test_the_table_says_the_most_frequent_first_and_who_where_asked(tmp_path: Path) -> None:
    read = tag_folder(shop(tmp_path), see)
    assert write_tags(read, tmp_path / "tags.csv", "film", "word", "by") == 3
    rows = list(csv.reader((tmp_path / "tags.csv").read_text("utf-8").splitlines()))
    assert rows == [
        ["film", "word", "frames", "of", "score", "by"],
        ["Item One", "red", "4", "4", "1.000", "detector"],
        ["Item One", "green", "1", "4", "1.000", "detector"],
        ["two", "green", "1", "1", "1.000", "detector"],
    ]


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    shop(tmp_path)
    (tmp_path / "two.png").write_bytes(b"nothing")
    read = tag_folder(tmp_path, see)
    assert [line.split(":")[0] for line in read.refused] == ["two.png is no picture that can be read"]
    assert {one.item: one.frames for one in read.items} == {"Item One": 4, "two": 0, "three": 1}


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no folder"):
        tag_folder(tmp_path / "none", see)
    with pytest.raises(DataError, match="holds no picture and no video"):
        tag_folder(tmp_path, see)


def test_it_stops_when_asked(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        tag_folder(shop(tmp_path), see, watch=Watch(cancelled=lambda: True))


def video(file: Path, seconds: int = 4, rate: int = 5) -> Path:
    """Red for the first half, green for the second."""
    import av

    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for n in range(seconds * rate):
            color = "red" if n < seconds * rate // 2 else "green"
            frame = av.VideoFrame.from_ndarray(squares(32, 32, (color, 0, 0, 32)), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file


def strongest(picture: np.ndarray) -> list[Seen]:
    return [Seen(("red", "green")[int(picture[..., :2].mean(axis=(0, 1)).argmax())], 0.9, (0, 0, 1, 1))]


@pytest.mark.parametrize(
    ("every", "most", "tags"), [(1.0, 50, (2, 2)), (0.2, 50, (10, 10)), (1.0, 3, (2, 1)), (0.2, 4, (2, 2))]
)
def test_a_video_is_looked_at_at_equal_times(tmp_path: Path, every: float, most: int, tags: tuple[int, int]) -> None:
    pytest.importorskip("av")
    video(tmp_path / "clip.mp4")
    (only,) = tag_folder(tmp_path, strongest, every=every, most=most).items
    assert (only.item, only.frames) == ("clip", sum(tags))
    assert (only.tags["red"][0], only.tags["green"][0]) == tags


def test_a_video_that_is_none_and_a_library_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("av")
    (tmp_path / "clip.mp4").write_bytes(b"nothing at all")
    assert "clip.mp4 is no video that can be read" in tag_folder(tmp_path, see).refused[0]
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"pip install 'tastemaker\[video\]'"):
        tag_folder(tmp_path, see)
