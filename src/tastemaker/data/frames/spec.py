"""A detector in a folder: its ONNX file, its labels, and a small detector.toml or .json that says what it takes."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from ...errors import DataError
from ..nearest import did_you_mean

Layout = Literal["yolox", "yolo", "detr"]


@dataclass(frozen=True)
class DetectorSpec:
    """
    labels:    names of the classes, in the order of the model's scores
    layout:    of its outputs: yolox = (n, 5 + c): center x, y, width, height, objectness, class scores;
               yolo = (n, 4 + c) or (4 + c, n), without objectness; detr = logits (n, c or c + 1) and boxes (n, 4)
    size:      pixels (width, height) of what it takes
    strides:   for yolox: of the grids that its raw numbers refer to; () = they are pixels already
    none:      for detr: the last logit means "nothing", and scores are a softmax; otherwise each is a sigmoid
    scale, mean, std: a value of 0 to 255 enters as (value * scale - mean) / std, per channel
    channels:  rgb or bgr
    pad, center: gray of the border that keeps proportions, and whether the picture stands in its middle or corner
    threshold: a score below it is no detection; overlap: of two boxes of one class that overlap more, one stays
    """

    labels: tuple[str, ...]
    model: str = "model.onnx"
    layout: Layout = "yolox"
    size: tuple[int, int] = (640, 640)
    strides: tuple[int, ...] = ()
    none: bool = True
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    channels: Literal["rgb", "bgr"] = "rgb"
    pad: int = 114
    center: bool = False
    threshold: float = 0.4
    overlap: float = 0.5

    def __post_init__(self) -> None:
        if not self.labels:
            raise DataError('The detector has no labels. In its detector.toml: labels = ["cat", …] or "labels.txt"')
        if min(self.size) < 1:
            raise DataError(f"size is {list(self.size)}; give width and height in pixels: size = [640, 640]")
        if min(self.std) <= 0:
            raise DataError(f"std is {list(self.std)}; every channel's has to be above 0.")
        if any(stride < 1 or self.size[0] % stride or self.size[1] % stride for stride in self.strides):
            raise DataError(f"strides are {list(self.strides)}; each has to divide the size {list(self.size)}.")
        if not 0.0 < self.threshold <= 1.0 or not 0.0 < self.overlap <= 1.0:
            raise DataError(f"threshold is {self.threshold:g} and overlap {self.overlap:g}; give numbers in (0, 1].")


def read_spec(folder: Path) -> DetectorSpec:
    """detector.toml or detector.json of the folder; DataError names what is missing or wrong."""
    file = next((folder / name for name in ("detector.toml", "detector.json") if (folder / name).is_file()), None)
    if file is None:
        raise DataError(
            f"{folder} has no detector.toml. Put one beside the .onnx file, for example: model = "
            '"model.onnx", labels = "labels.txt", layout = "yolox", size = [640, 640]'
        )
    try:
        text = file.read_text("utf-8")
        raw = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise DataError(f"{file} cannot be read: {error}.") from None
    if not isinstance(raw, Mapping):
        raise DataError(f"{file} holds no table of settings.")
    return _built(dict(raw), file)


def _built(raw: dict[str, Any], file: Path) -> DetectorSpec:
    known = {f.name for f in fields(DetectorSpec)}
    for key in raw:
        if key not in known:
            hint = did_you_mean(key, known) or "."
            raise DataError(f"{file.name} has no setting {key!r}{hint} There are: {', '.join(sorted(known))}.")
    if isinstance(raw.get("labels"), str):
        raw["labels"] = _labels(file.parent / raw["labels"])
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(DetectorSpec).validate_python({"labels": (), **raw})
    except ValidationError as error:
        first = error.errors()[0]
        where = first["loc"][0] if first["loc"] else "it"
        raise DataError(f"{file.name}: {where} is {raw.get(str(where))!r}: {first['msg'].lower()}.") from None


def _labels(file: Path) -> tuple[str, ...]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}. It holds one label a line.") from None
    return tuple(line.strip() for line in lines if line.strip())
