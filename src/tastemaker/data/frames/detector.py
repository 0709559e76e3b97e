"""An object detector as an ONNX file, run by onnxruntime; everything around it is here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...errors import DataError, MissingExtra
from .boxes import decoded, in_picture, suppressed
from .picture import UInt8, entered, letterboxed
from .spec import DetectorSpec, read_spec


class Seen(NamedTuple):
    """box: left, top, right, bottom in pixels of the picture; score in [0, 1]"""

    label: str
    score: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Detector:
    spec: DetectorSpec
    session: Any
    name: str

    @classmethod
    def open(cls, folder: Path) -> "Detector":
        """The model of the folder; nothing is fetched."""
        spec = read_spec(folder)
        file = folder / spec.model
        if not file.is_file():
            raise DataError(f"{folder} has no {spec.model}. Name the .onnx file in detector.toml: model = …")
        try:
            import onnxruntime
        except ImportError:
            raise MissingExtra("onnxruntime", "vision", "Seeing what is in pictures") from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises its own, without a common base
            raise DataError(f"{file} is no model that onnxruntime can run: {_line(error)}") from error
        if len(session.get_inputs()) != 1:
            names = ", ".join(i.name for i in session.get_inputs())
            raise DataError(f"{file} takes {names}; it has to take one picture and nothing else.")
        return cls(spec, session, session.get_inputs()[0].name)

    def see(self, picture: UInt8) -> list[Seen]:
        """What is in a picture, uint8 (height, width, 3) RGB; the surest first."""
        canvas, placed = letterboxed(picture, self.spec)
        try:
            raw = self.session.run(None, {self.name: entered(canvas, self.spec)})
        except Exception as error:
            raise DataError(f"The model refuses a picture of {list(self.spec.size)}: {_line(error)}") from error
        found = suppressed(decoded([np.asarray(output) for output in raw], self.spec), self.spec.overlap)
        boxes = in_picture(found.boxes, placed).tolist()
        every = zip(found.classes.tolist(), found.scores.tolist(), boxes, strict=True)
        return [Seen(self.spec.labels[c], score, (box[0], box[1], box[2], box[3])) for c, score, box in every]


def _line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200]
