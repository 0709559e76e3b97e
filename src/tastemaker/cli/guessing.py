"""init --guess: propose a recipe for a table, show why, ask only what cannot be known."""

from pathlib import Path

import typer

from .output import Output, Table


def guessed(source: str, directory: Path, out: Output, ask: bool) -> Path:
    """Write DIRECTORY.recipe.toml beside the project-to-be and return its path."""
    from ..data.read import read_table
    from ..recipe import guess

    found = guess(read_table(source))
    if not out.json and not out.quiet:
        Table(f"{source}: what its columns seem to be", ["column", "as", "why"], found.shown()).print()
    for question in found.questions:
        if ask:
            answer = typer.prompt(question.text, default=question.default)
            found = found.answered(question, answer)
        else:
            out.say(f"Assumed: {question.text} {question.default}")
    path = directory.parent / f"{directory.name}.recipe.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found.as_toml(), "utf-8")
    return path
