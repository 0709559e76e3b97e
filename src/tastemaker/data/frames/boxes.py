"""A detector's raw numbers as boxes: three common layouts, and of boxes that overlap, the best one a class.

All functions are pure, arrays to arrays; boxes are float32 (n, 4): left, top, right, bottom, in pixels of the input.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...errors import DataError
from ..arrays import Float32, Int32, Int64
from .picture import Placed
from .spec import DetectorSpec


class Boxes(NamedTuple):
    """boxes: float32 (n, 4); scores: float32 (n,) in [0, 1]; classes: int32 (n,)"""

    boxes: Float32
    scores: Float32
    classes: Int32


def decoded(outputs: Sequence[Float32], spec: DetectorSpec) -> Boxes:
    """Every detection above the threshold, of one picture; DataError where the outputs have another shape."""
    if spec.layout == "detr":
        boxes, scores = _detr(outputs, spec)
    else:
        boxes, scores = (_yolox if spec.layout == "yolox" else _yolo)(outputs, spec)
    classes = scores.argmax(axis=1)
    best = scores[np.arange(len(scores)), classes]
    kept = (best >= spec.threshold) & np.isfinite(boxes).all(axis=1)
    return Boxes(boxes[kept].astype(np.float32), best[kept].astype(np.float32), classes[kept].astype(np.int32))


def suppressed(found: Boxes, overlap: float) -> Boxes:
    """Class by class, the best box, then the best of those that overlap none that is kept (non-maximum suppression)."""
    kept: list[int] = []
    for label in np.unique(found.classes):
        mine = np.flatnonzero(found.classes == label)
        mine = mine[np.argsort(-found.scores[mine], kind="stable")]
        kept += _apart(found.boxes, mine, overlap)
    order = np.array(sorted(kept, key=lambda row: (-found.scores[row], row)), np.int64)
    return Boxes(found.boxes[order], found.scores[order], found.classes[order])


def iou(box: Float32, others: Float32) -> Float32:
    """Intersection over union of one box (4,) with others (n, 4): float32 (n,)."""
    corner, far = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    inside = np.prod(np.maximum(far - corner, 0.0), axis=1)
    areas = np.prod(np.maximum(others[:, 2:] - others[:, :2], 0.0), axis=1)
    mine = float(np.prod(np.maximum(box[2:] - box[:2], 0.0)))
    return np.asarray(inside / np.maximum(mine + areas - inside, 1e-9), np.float32)


def in_picture(boxes: Float32, placed: Placed) -> Float32:
    """Boxes of the input as boxes of the picture, within its borders."""
    shift = np.array([placed.left, placed.top, placed.left, placed.top], np.float32)
    limits = np.array([placed.width, placed.height, placed.width, placed.height], np.float32)
    return np.asarray(np.clip((boxes - shift) / np.float32(placed.ratio), 0.0, limits), np.float32)


def _apart(boxes: Float32, order: Int64, overlap: float) -> list[int]:
    kept = []
    while len(order):
        first, order = int(order[0]), order[1:]
        kept.append(first)
        order = order[iou(boxes[first], boxes[order]) <= overlap]
    return kept


def _yolox(outputs: Sequence[Float32], spec: DetectorSpec) -> tuple[Float32, Float32]:
    """(n, 5 + c): the score of a class is its own times that of there being anything."""
    rows = _rows(outputs[0], 5 + len(spec.labels), spec)
    centers, sizes = rows[:, :2], rows[:, 2:4]
    if spec.strides:
        grid, stride = _grid(spec)
        if len(grid) != len(rows):
            raise DataError(f"The model gives {len(rows)} boxes; strides {list(spec.strides)} make {len(grid)}.")
        centers, sizes = (centers + grid) * stride, np.exp(np.minimum(sizes, 20.0)) * stride
    return _corners(centers, sizes), rows[:, 5:] * rows[:, 4:5]


def _yolo(outputs: Sequence[Float32], spec: DetectorSpec) -> tuple[Float32, Float32]:
    rows = _rows(outputs[0], 4 + len(spec.labels), spec)
    return _corners(rows[:, :2], rows[:, 2:4]), rows[:, 4:]


def _detr(outputs: Sequence[Float32], spec: DetectorSpec) -> tuple[Float32, Float32]:
    """Logits (n, c or c + 1) and boxes (n, 4) as shares of the input; which is which is seen from their width."""
    c, flat = len(spec.labels) + spec.none, [np.asarray(o, np.float32).reshape(-1, o.shape[-1]) for o in outputs[:2]]
    if len(flat) < 2 or sorted(o.shape[1] for o in flat) != sorted((c, 4)) or len(flat[0]) != len(flat[1]):
        raise _unlike([o.shape for o in outputs], f"logits (n, {c}) and boxes (n, 4)")
    logits, boxes = flat if flat[0].shape[1] == c and (c != 4 or flat[1].shape[1] == 4) else flat[::-1]
    if spec.none:
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores = (odds / odds.sum(axis=1, keepdims=True))[:, :-1]
    else:
        scores = 1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0)))
    pixels = boxes * np.array([*spec.size, *spec.size], np.float32)
    return _corners(pixels[:, :2], pixels[:, 2:]), np.asarray(scores, np.float32)


def _rows(output: Float32, width: int, spec: DetectorSpec) -> Float32:
    """(1, n, width), or (1, width, n) for yolo, as (n, width)."""
    found: Any = np.asarray(output, np.float32)
    flat = found.reshape(found.shape[-2:]) if found.ndim >= 2 and found.size == np.prod(found.shape[-2:]) else None
    if flat is not None and flat.shape[1] == width:
        return np.asarray(flat, np.float32)
    if flat is not None and flat.shape[0] == width and spec.layout == "yolo":
        return np.ascontiguousarray(flat.T)
    raise _unlike([found.shape], f"(1, n, {width}), with {len(spec.labels)} labels")


def _grid(spec: DetectorSpec) -> tuple[Float32, Float32]:
    """The cell of each row, (n, 2), and its stride, (n, 1): grid by grid, row by row."""
    cells, strides = [], []
    for stride in spec.strides:
        wide, high = spec.size[0] // stride, spec.size[1] // stride
        y, x = np.mgrid[:high, :wide]
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((wide * high, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _corners(centers: Float32, sizes: Float32) -> Float32:
    return np.hstack([centers - sizes / 2, centers + sizes / 2])


def _unlike(shapes: Sequence[tuple[int, ...]], wanted: str) -> DataError:
    given = " and ".join(map(str, shapes))
    return DataError(f"The model gives {given}; its layout wants {wanted}. See layout and labels in detector.toml.")
