"""Run by test_kill: says that it is ready, then does one verb, over and over, until somebody kills it."""

import sys
from itertools import count
from pathlib import Path

from tastemaker.lifecycle import Project

from ..shops import real_rankings, write_rankings

if __name__ == "__main__":
    verb, root, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    with Project.open(root) as project:
        rows = real_rankings(project, users=200, seed=seed)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for n in count():
            if verb == "pretrain":
                project.pretrain(seed=seed + n % 2)
            else:
                mine = [(f"{seed}-{n} {user}", item, rank) for user, item, rank in rows]
                project.import_(write_rankings(root / "rankings.csv", mine))
