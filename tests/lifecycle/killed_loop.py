"""Run by test_kill_loop: does one verb, over and over, and says what it finished, until somebody kills it."""

import os
import sys
from itertools import count
from pathlib import Path

from tastemaker.errors import TastemakerError
from tastemaker.experiment import start, stop
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.tuning_begin import Wanted
from tastemaker.store.experiments import running

from ..rated import rows, world, write_ratings

ROWS = 200  # of a file that is imported


def once(verb: str, project: Project, tag: str, n: int) -> None:
    if verb == "retrain":
        project.retrain(seed=n)
    elif verb == "activate":
        project.activate(1 + n % 2) if n % 3 else project.rollback()
    elif verb == "tune":
        project.tune(Wanted("biases", "random", 3, seed=n))
    elif verb == "import":
        made = rows(world(users=10, items=30, seed=n), each=20, seed=n)[:ROWS]
        mine = [(f"{tag}-{n}-{user}", item, stars, when) for user, item, stars, when in made]
        project.import_(write_ratings(project.store.root / "new.csv", mine))
    else:
        with project.store.read() as conn:
            found = running(conn)
        if found is None:
            start(project.store, 1, 2, effect="0.1")
        else:
            stop(project.store, f"turn {n}")


if __name__ == "__main__":
    verb, root, tag = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    done = os.open(root / "done.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with Project.open(root) as project:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for n in count():
            try:
                once(verb, project, tag, n)
            except TastemakerError as error:
                sys.stdout.write(f"{error}\n")
                sys.exit(3)
            os.write(done, f"{verb}\n".encode())  # acknowledged: from here on it may not be lost
