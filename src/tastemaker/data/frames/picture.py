"""A picture as the array that a detector takes: resized in proportion, bordered, normalized."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, MissingExtra
from ..arrays import Float32
from .spec import DetectorSpec

UInt8 = NDArray[np.uint8]
PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff")


class Placed(NamedTuple):
    """How a picture lies in the input: input x = picture x * ratio + left; of y, top; width, height in pixels."""

    ratio: float
    left: int
    top: int
    width: int
    height: int


def read_picture(file: Path) -> UInt8:
    """uint8 (height, width, 3), RGB, upright as the camera says; DataError where it is none."""
    image = _pillow()
    try:
        from PIL import ImageOps

        with image.open(file) as opened:
            return np.asarray(ImageOps.exif_transpose(opened).convert("RGB"), np.uint8)
    except (OSError, SyntaxError, ValueError, image.DecompressionBombError) as error:
        raise DataError(f"{file.name} is no picture that can be read: {error}") from None


def letterboxed(picture: UInt8, spec: DetectorSpec) -> tuple[UInt8, Placed]:
    """The picture in its proportions within spec.size, the rest gray: uint8 (H, W, 3)."""
    wide, high = spec.size
    height, width = picture.shape[:2]
    ratio = min(wide / width, high / height)
    w, h = max(1, min(wide, round(width * ratio))), max(1, min(high, round(height * ratio)))
    left, top = ((wide - w) // 2, (high - h) // 2) if spec.center else (0, 0)
    image = _pillow()
    resized = image.fromarray(picture).resize((w, h), image.Resampling.BILINEAR)
    canvas = np.full((high, wide, 3), spec.pad, np.uint8)
    canvas[top : top + h, left : left + w] = np.asarray(resized, np.uint8)
    return canvas, Placed(ratio, left, top, width, height)


def entered(canvas: UInt8, spec: DetectorSpec) -> Float32:
    """uint8 (H, W, 3) -> float32 (1, 3, H, W), channels in the order and the range that the model takes."""
    values = canvas.astype(np.float32)[..., :: -1 if spec.channels == "bgr" else 1]
    mean, std = np.array(spec.mean, np.float32), np.array(spec.std, np.float32)
    values = (values * np.float32(spec.scale) - mean) / std
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])  # (1, 3, H, W)


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtra("Pillow", "vision", "Reading pictures") from None
    return Image
