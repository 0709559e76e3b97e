"""Frames of a video at equal distances, by PyAV, which is optional."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...errors import DataError, MissingExtra
from .picture import UInt8

VIDEOS = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v", ".mpg", ".mpeg")


def frames_of(file: Path, every: float, most: int) -> Iterator[UInt8]:
    """One frame each `every` seconds, of a long video `most` over all of it: uint8 (height, width, 3), RGB."""
    try:
        import av
    except ImportError:
        why = f"Reading {file.name} (pictures need it not: put its frames as files into a folder {file.stem})"
        raise MissingExtra("av", "video", why) from None
    try:
        with av.open(str(file)) as container:
            seconds = (container.duration or 0) / av.time_base
            every, due, given = max(every, seconds / most), 0.0, 0
            for n, frame in enumerate(container.decode(video=0)):
                at = float(frame.time) if frame.time is not None else n / 25.0
                if at + 1e-6 < due:
                    continue
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
                due, given = at + every, given + 1
                if given == most:
                    return
    except (av.FFmpegError, IndexError) as error:
        raise DataError(f"{file.name} is no video that can be read: {error}") from None
