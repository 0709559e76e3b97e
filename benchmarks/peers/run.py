"""The command: python benchmarks/peers/run.py --help. What it does is in command.py."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # benchmarks/, which holds the package `peers`
    from peers.command import main

    main()
