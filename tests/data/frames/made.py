"""A real detector of red and of green squares, small enough to be made in a test: one convolution, and pictures for it.

A cell of 8 x 8 pixels is as red as its red is above its green and blue. Three layouts of the same model.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

CELL, SIDE = 8, 64
GRID = SIDE // CELL
CENTERS = np.stack(np.meshgrid(np.arange(GRID), np.arange(GRID)), axis=-1).reshape(-1, 2)  # x, y of each cell
LABELS = ("red", "green")


def save_detector(folder: Path, kind: str, **spec: Any) -> Path:
    """model.onnx and detector.json. kind: yolox (raw, of stride 8), yolo (4 + c, n) or detr."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    folder.mkdir(parents=True, exist_ok=True)
    nodes, constants, outputs = _made(kind)
    weights = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    taken = helper.make_tensor_value_info("picture", TensorProto.FLOAT, (1, 3, SIDE, SIDE))
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    made = [helper.make_node(*node[:3], **node[3]) for node in nodes]
    graph = helper.make_graph(made, "g", [taken], given, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "model.onnx")
    settings = {"labels": list(LABELS), "layout": kind, "size": [SIDE, SIDE], "scale": 1 / 255, **spec}
    if kind == "yolox":
        settings = {"strides": [CELL]} | settings
    (folder / "detector.json").write_text(json.dumps(settings), "utf-8")
    return folder


def _made(layout: str) -> tuple[list[tuple[Any, ...]], dict[str, Any], list[str]]:
    n = GRID * GRID
    mean = np.full((CELL, CELL), 1.0 / CELL**2, np.float32)
    colors = np.zeros((2, 3, CELL, CELL), np.float32)
    for c, signs in enumerate([(1, -1, -1), (-1, 1, -1)]):
        colors[c] = np.array(signs, np.float32)[:, None, None] * mean
    shape = {"rows": np.array([1, -1, n], np.int64)}
    conv = {"kernel_shape": [CELL, CELL], "strides": [CELL, CELL]}
    turned = ("Transpose", ["flat"], ["out"], {"perm": [0, 2, 1]})
    if layout == "yolox":  # center of the cell, one cell wide (exp(0)), surely something, the colors
        weights = np.concatenate([np.zeros((5, 3, CELL, CELL), np.float32), colors])
        bias = np.float32([0.5, 0.5, 0, 0, 1, 0, 0])
        nodes = [("Conv", ["picture", "w", "b"], ["c"], conv), ("Reshape", ["c", "rows"], ["flat"], {}), turned]
        return nodes, {"w": weights, "b": bias, **shape}, ["out"]
    boxes = np.hstack([(CENTERS + 0.5) * CELL, np.full((n, 2), CELL)]).astype(np.float32)
    if layout == "yolo":
        nodes = [
            ("Conv", ["picture", "w"], ["c"], conv),
            ("Reshape", ["c", "rows"], ["flat"], {}),
            ("Concat", ["boxes", "flat"], ["out"], {"axis": 1}),
        ]
        return nodes, {"w": colors, "boxes": boxes.T[None].copy(), **shape}, ["out"]
    weights = np.concatenate([10 * colors, np.zeros((1, 3, CELL, CELL), np.float32)])
    nodes = [
        ("Conv", ["picture", "w", "b"], ["c"], conv),
        ("Reshape", ["c", "rows"], ["flat"], {}),
        turned,
        ("Identity", ["shares"], ["boxes"], {}),
    ]
    bias = np.float32([0, 0, 5])  # half as sure as a pure color that there is nothing
    return nodes, {"w": weights, "b": bias, "shares": boxes[None] / SIDE, **shape}, ["boxes", "out"]


def squares(width: int, height: int, *at: tuple[str, int, int, int]) -> Any:
    """A black picture uint8 (height, width, 3) with squares: (color, left, top, side)."""
    picture = np.zeros((height, width, 3), np.uint8)
    for color, left, top, side in at:
        picture[top : top + side, left : left + side, LABELS.index(color)] = 255
    return picture


def save_picture(file: Path, picture: Any) -> Path:
    from PIL import Image

    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(file)
    return file
