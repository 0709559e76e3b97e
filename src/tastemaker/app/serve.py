"""The app's own process: what pages need is imported and opened while Streamlit starts: no visitor waits for it."""

import gc
import sys
from importlib import import_module
from threading import Thread

FIRST = ("tastemaker.app.frame", "tastemaker.app.describe", "tastemaker.app.card", "tastemaker.app.scatter")
LATER = ("pandas", "altair", "tastemaker.app.charts", "tastemaker.app.data.experiments", "tastemaker.app.data.tuning")


def main(arguments: list[str]) -> None:
    """arguments: those of `streamlit`."""
    gc.disable()  # nothing that is imported or opened is garbage
    from streamlit.web.cli import main as streamlit

    Thread(target=_import, daemon=True).start()
    streamlit(arguments, prog_name="streamlit")


def _import() -> None:
    """What the first page shows, the project, and then what only other pages need."""
    try:
        for name in FIRST:
            import_module(name)
        from .frame import warm
        from .settings import Settings

        warm(Settings.of())
        for name in LATER:
            import_module(name)
    finally:
        gc.freeze()  # a full collection need not walk over what stays as long as the process
        gc.enable()


if __name__ == "__main__":
    main(sys.argv[1:])
