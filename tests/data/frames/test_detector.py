"""A real ONNX model: what it sees, where, and what a folder that is not whole is told."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.data.frames import Detector, DetectorSpec, read_spec
from tastemaker.data.frames.picture import entered, letterboxed, read_picture
from tastemaker.errors import DataError, MissingExtra

from .made import SIDE, save_detector, save_picture, squares

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
pytest.importorskip("PIL")

LAYOUTS = ["yolox", "yolo", "detr"]
PLAIN: dict[str, Any] = {"labels": ("red", "green"), "size": (SIDE, SIDE)}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("center", [False, True])
def test_every_layout_sees_what_is_there_where_it_is(tmp_path: Path, layout: str, center: bool) -> None:
    detector = Detector.open(save_detector(tmp_path, layout, center=center, pad=0))
    found = detector.see(squares(256, 128, ("red", 32, 64, 32), ("green", 192, 32, 32)))  # a quarter as large: cells
    assert sorted(one.label for one in found) == ["green", "red"]
    boxes = {one.label: one.box for one in found}
    assert boxes["red"] == pytest.approx((32, 64, 64, 96), abs=0.5)
    assert boxes["green"] == pytest.approx((192, 32, 224, 64), abs=0.5)
    assert all(one.score > 0.9 for one in found)
    assert detector.see(squares(256, 128)) == []


def test_the_gray_border_is_nothing_and_small_pictures_grow(tmp_path: Path) -> None:
    detector = Detector.open(save_detector(tmp_path, "yolo"))
    (only,) = detector.see(squares(8, 2, ("red", 4, 0, 1), ("red", 5, 0, 1)))[:1]
    assert only.label == "red"
    assert detector.see(squares(1, 900)) == []


def test_bgr_turns_the_colors(tmp_path: Path) -> None:
    detector = Detector.open(save_detector(tmp_path, "yolo", channels="bgr"))
    assert detector.see(squares(64, 64, ("red", 0, 0, 8))) == []  # red enters as blue, which nothing looks for
    assert [one.label for one in detector.see(squares(64, 64, ("green", 0, 0, 8)))] == ["green"]


def test_letterbox_and_normalization_by_hand() -> None:
    spec = DetectorSpec(**PLAIN, scale=0.5, mean=(1.0, 2.0, 3.0), std=(2.0, 4.0, 8.0), center=True, pad=7)
    canvas, placed = letterboxed(np.full((20, 40, 3), 100, np.uint8), spec)
    assert placed == (1.6, 0, 16, 40, 20)
    assert (canvas[16:48] == 100).all()
    assert (canvas[:16] == 7).all()
    assert (canvas[48:] == 7).all()
    values = entered(canvas, spec)
    assert values.shape == (1, 3, SIDE, SIDE)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values[0, :, 20, 5], [(50 - 1) / 2, (50 - 2) / 4, (50 - 3) / 8])


def test_a_picture_on_its_side_is_turned_and_gray_is_color(tmp_path: Path) -> None:
    from PIL import Image

    image = Image.fromarray(squares(40, 20, ("red", 0, 0, 10)))
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was turned
    image.save(tmp_path / "turned.png", exif=exif)
    assert read_picture(tmp_path / "turned.png").shape == (40, 20, 3)
    save_picture(tmp_path / "gray.png", np.full((5, 4), 9, np.uint8))
    assert (read_picture(tmp_path / "gray.png") == 9).all()
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(DataError, match=re.escape("broken.png is no picture")):
        read_picture(tmp_path / "broken.png")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"labels": []}, "no labels"),
        ({"labels": "no.txt"}, "one label a line"),
        ({"layout": "ssd"}, "layout is 'ssd'"),
        ({"sise": [64, 64]}, "no setting 'sise'; did you mean 'size'"),
        ({"size": [64]}, "size is"),
        ({"size": [0, 64]}, "size is"),
        ({"strides": [7]}, "strides are"),
        ({"std": [1, 0, 1]}, "std is"),
        ({"mean": [1, 0]}, "mean is"),
        ({"channels": "gray"}, "channels is 'gray'"),
        ({"threshold": 0}, "threshold is 0"),
        ({"threshold": "high"}, "threshold is 'high'"),
        ({"model": "other.onnx"}, "has no other.onnx"),
        ({"labels": ["a", "b", "c"]}, r"its layout wants \(1, n, 8\), with 3 labels"),
        ({"strides": [8, 16]}, "gives 64 boxes; strides"),
        ({"size": [32, 32], "strides": []}, "refuses a picture"),
    ],
)
def test_a_folder_that_does_not_fit_says_what_is_wrong(tmp_path: Path, changed: dict[str, Any], why: str) -> None:
    save_detector(tmp_path, "yolox", **changed)
    with pytest.raises(DataError, match=why):
        Detector.open(tmp_path).see(squares(8, 8))


def test_a_folder_that_is_none_says_what_goes_in(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=re.escape("has no detector.toml. Put one beside")):
        read_spec(tmp_path)
    (tmp_path / "detector.toml").write_text("labels = [")
    with pytest.raises(DataError, match="cannot be read"):
        read_spec(tmp_path)
    (tmp_path / "detector.toml").write_text('labels = "names.txt"\nlayout = "detr"\nnone = false\n')
    (tmp_path / "names.txt").write_text("a cat\n\n dog \n", "utf-8")
    assert read_spec(tmp_path).labels == ("a cat", "dog")
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(DataError, match="no model that onnxruntime can run"):
        Detector.open(tmp_path)
    (tmp_path / "detector.toml").unlink()
    (tmp_path / "detector.json").write_text(json.dumps([1]))
    with pytest.raises(DataError, match="holds no table"):
        read_spec(tmp_path)


def test_a_library_that_is_missing_says_its_install_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_detector(tmp_path, "yolo")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match=r"pip install 'tastemaker\[vision\]'"):
        Detector.open(tmp_path)
