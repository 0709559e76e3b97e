"""Run by test_listening: trains, or resumes what was interrupted, and says after each report where it is."""

import sys

from tastemaker.errors import TrainingError
from tastemaker.lifecycle import Project
from tastemaker.watch import Progress, Watch


def say(progress: Progress) -> None:
    sys.stdout.write(f"{progress.stage} {progress.done}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with Project.open(sys.argv[1]) as project:
        watch = Watch(say)
        try:
            done = project.train(resume=True, watch=watch)
        except TrainingError:
            done = project.train(watch=watch, options={"epochs": 4}, models=("embedding", "hybrid"))
        sys.stdout.write(f"digest {done.versions[0].artifact} {done.versions[0].judged_artifact}\n")
