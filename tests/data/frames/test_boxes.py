"""Boxes by slow twins: overlap pixel by pixel, suppression by its definition, decoding by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.data.frames.boxes import Boxes, decoded, in_picture, iou, suppressed
from tastemaker.data.frames.picture import Placed
from tastemaker.data.frames.spec import DetectorSpec
from tastemaker.errors import DataError

LABELS = ("red", "green")
boxes_ = st.lists(
    st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 8)] * 2, st.integers(0, 2), st.floats(0.125, 1.0, width=32)),
    max_size=12,
)


def made(rows: list[tuple[int, int, int, int, int, float]]) -> Boxes:
    table = np.array(rows, np.float64).reshape(-1, 6)
    boxes = np.hstack([table[:, :2], table[:, :2] + table[:, 2:4]]).astype(np.float32)
    return Boxes(boxes, table[:, 5].astype(np.float32), table[:, 4].astype(np.int32))


def pixels(box: np.ndarray) -> set[tuple[int, int]]:
    left, top, right, bottom = (int(v) for v in box)
    return {(x, y) for x in range(left, right) for y in range(top, bottom)}


@given(boxes_)
def test_overlap_counts_pixels(rows: list[tuple[int, int, int, int, int, float]]) -> None:
    boxes = made(rows).boxes
    for box in boxes:
        expected = [len(pixels(box) & pixels(o)) / len(pixels(box) | pixels(o)) for o in boxes]
        np.testing.assert_allclose(iou(box, boxes), expected, atol=1e-6)


@given(boxes_, st.sampled_from([0.2, 0.5, 1.0]))
def test_the_best_of_what_overlaps_stays_class_by_class(
    rows: list[tuple[int, int, int, int, int, float]], limit: float
) -> None:
    found = made(rows)
    kept = suppressed(found, limit)
    expected: list[int] = []  # by definition: from the best to the worst, whatever overlaps none that stays
    for row in sorted(range(len(found.scores)), key=lambda i: (-found.scores[i], i)):
        mine = [k for k in expected if found.classes[k] == found.classes[row]]
        if all(iou(found.boxes[k], found.boxes[[row]])[0] <= limit for k in mine):
            expected.append(row)
    np.testing.assert_array_equal(kept.boxes, found.boxes[expected])
    np.testing.assert_array_equal(kept.classes, found.classes[expected])
    np.testing.assert_array_equal(kept.scores, found.scores[expected])


def test_yolox_scores_are_products_and_strides_say_where_a_cell_lies() -> None:
    spec = DetectorSpec(LABELS, size=(32, 16), strides=(8, 16), threshold=0.4)
    raw = np.zeros((1, 8 + 2, 7), np.float32)  # 4 x 2 cells of 8, 2 x 1 of 16
    raw[0, 5] = [0.5, 0.25, np.log(2.0), 0.0, 0.8, 0.1, 0.9]  # cell (1, 1) of the first grid
    raw[0, 9] = [0.5, 0.5, 0.0, 0.0, 0.9, 0.5, 0.2]  # cell (1, 0) of the second
    raw[0, 0] = [0.0, 0.0, 0.0, 0.0, 0.3, 1.0, 1.0]  # too weak
    found = decoded([raw], spec)
    np.testing.assert_allclose(found.boxes, [[4, 6, 20, 14], [16, 0, 32, 16]])
    np.testing.assert_allclose(found.scores, [0.72, 0.45])
    assert found.classes.tolist() == [1, 0]


@pytest.mark.parametrize("turned", [False, True])
def test_yolo_boxes_lie_either_way(turned: bool) -> None:
    rows = np.float32([[[10, 10, 4, 8, 0.1, 0.9], [5, 5, 2, 2, 0.3, 0.2], [np.nan, 5, 2, 2, 0.9, 0.2]]])
    found = decoded([rows.transpose(0, 2, 1) if turned else rows], DetectorSpec(LABELS, layout="yolo"))
    np.testing.assert_allclose(found.boxes, [[8, 6, 12, 14]])  # a box that is no number is none
    assert (found.scores.tolist(), found.classes.tolist()) == ([pytest.approx(0.9)], [1])


@pytest.mark.parametrize("first", [False, True])
def test_detr_with_a_class_for_nothing_and_without(first: bool) -> None:
    boxes = np.float32([[[0.5, 0.5, 0.5, 1.0], [0.1, 0.1, 0.1, 0.1]]])
    logits = np.log(np.float32([[[0.6, 0.3, 0.1], [0.2, 0.1, 0.7]]]))
    outputs = [logits, boxes] if first else [boxes, logits]
    found = decoded(outputs, DetectorSpec(LABELS, layout="detr", size=(40, 20)))
    np.testing.assert_allclose(found.boxes, [[10, 0, 30, 20]], rtol=1e-6)
    np.testing.assert_allclose(found.scores, [0.6], rtol=1e-5)
    plain = np.float32([[[-1.0, 2.0], [0.0, -5.0]]])
    both = decoded([plain, boxes], DetectorSpec(LABELS, layout="detr", none=False))
    np.testing.assert_allclose(both.scores, [1 / (1 + np.exp(-2.0)), 0.5], rtol=1e-5)
    assert both.classes.tolist() == [1, 0]
    with pytest.raises(DataError, match="its layout wants logits"):
        decoded([plain], DetectorSpec(LABELS, layout="detr"))


def test_boxes_go_back_into_the_picture_and_stay_in_it() -> None:
    placed = Placed(0.5, 10, 0, 40, 30)
    boxes = np.float32([[10, 0, 20, 10], [0, -5, 50, 50]])
    np.testing.assert_allclose(in_picture(boxes, placed), [[0, 0, 20, 20], [0, 0, 40, 30]])
