"""Structured logs: one JSON object a line on standard error, with request ids and without personal text."""

import sys
from time import time
from typing import Any

import orjson


def log(level: str, message: str, **more: Any) -> None:
    line = orjson.dumps({"at": round(time(), 3), "level": level, "message": message, **more}, default=str)
    sys.stderr.buffer.write(line + b"\n")
    sys.stderr.buffer.flush()
