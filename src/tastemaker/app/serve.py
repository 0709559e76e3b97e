"""The app's own process: what pages need is imported and opened while Streamlit starts: no visitor waits for it."""

import sys
from importlib import import_module
from threading import Thread

NEEDED = (
    "pandas",
    "altair",
    "tastemaker.app.frame",
    "tastemaker.app.parts",
    "tastemaker.app.describe",
    "tastemaker.experiment",
    "tastemaker.explain",
)


def main(arguments: list[str]) -> None:
    """arguments: those of `streamlit`."""
    from streamlit.web.cli import main as streamlit

    Thread(target=_import, daemon=True).start()
    streamlit(arguments, prog_name="streamlit")


def _import() -> None:
    for name in NEEDED:
        import_module(name)
    from .frame import warm
    from .settings import Settings

    warm(Settings.of())


if __name__ == "__main__":
    main(sys.argv[1:])
