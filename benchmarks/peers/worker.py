"""One competitor in a process of its own: JSON lines in, JSON lines out. What a library prints goes to standard error.

Run by drive.py, with the interpreter of the environment that holds the library: python -m peers.worker '{"side": …}'
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from peers.measure import Work, measured


def main() -> None:
    order = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    work: list[Work] = []

    def prepare() -> dict[str, Any]:
        from peers.world import World

        side = import_module(f"peers.sides.{order['side']}")
        world = World(Path(order["data"]), order["threads"], order["held"])
        work.append(side.CALLS[order["call"]](world, **order["settings"]))
        return {"ready": True}

    if _answer(answers, prepare):
        for line in sys.stdin:
            _answer(answers, lambda line=line: measured(work[0], json.loads(line)["judged"]))  # type: ignore[misc]


def _answer(answers: TextIO, what: Callable[[], dict[str, Any]]) -> bool:
    try:
        answer = what()
    except Exception as error:  # a peer may raise anything; the report says what
        traceback.print_exc()
        answer = {"error": f"{type(error).__name__}: {error}"[:500]}
    answers.write(json.dumps(answer) + "\n")
    return "error" not in answer


if __name__ == "__main__":
    main()
