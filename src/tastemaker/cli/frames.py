"""tag-frames: tags from pictures."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .output import Json, Output, Quiet, Where, short


def register(app: typer.Typer) -> None:
    app.command("tag-frames")(tag_frames)


def tag_frames(
    folder: Annotated[Path, typer.Argument(help="Pictures or videos: ITEM.jpg, ITEM.mp4, or a folder ITEM of frames.")],
    model: Annotated[Path, typer.Option(help="A folder: detector.toml, its .onnx file and its labels.")],
    out_file: Annotated[Path, typer.Option("--out", help="The table that is written.")] = Path("tags.csv"),
    share: Annotated[float, typer.Option(help="Leave out what a smaller share of an item's frames shows.")] = 0.0,
    every: Annotated[float, typer.Option(help="Of a video, one frame each so many seconds.")] = 2.0,
    most: Annotated[int, typer.Option(help="Of a video, at most so many frames, over all of it.")] = 50,
    where: Where = ".",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What an object detector sees in frames of the items, as a table of tags for import --tags."""
    from ..errors import DataError
    from ..lifecycle import Project

    if not 0.0 <= share <= 1.0 or every <= 0.0 or most < 1:
        raise DataError(f"--share {share:g} --every {every:g} --most {most}: give 0 to 1, above 0, and at least 1.")
    out = Output(json, quiet)
    with Project.open(where) as project, out.watching() as watch:
        done = project.tag_frames(folder, model, out_file, share=share, every=every, most=most, watch=watch)
    for bad in done.read.refused[:10]:
        out.say(f"refused: {bad}")
    items = [asdict(item) for item in done.read.items]
    data = {"file": str(done.file), "rows": done.rows, "items": items, "refused": done.read.refused}
    text = f"{done.file}: {done.rows} tags of {len(items)} items, from {done.read.frames} frames"
    text += f", {len(done.read.refused)} files refused." if done.read.refused else "."
    if done.unknown:
        text += f"\nNo items of this project: {short(', '.join(done.unknown), 100)}. Name them by id or title."
    out.result(data | {"unknown": done.unknown, "next": done.next}, text=f"{text}\nNext: {done.next}")
