"""Items on a map as plain Vega-Lite: every change draws it, and Altair would check each piece by its schema again."""

from collections.abc import Mapping, Sequence
from typing import Any

from tastemaker.app import words


def framed(columns: Mapping[str, Sequence[Any]]) -> Any:
    """As Streamlit sends them; no other part of Discover needs pandas."""
    import pandas

    return pandas.DataFrame(columns)


def drawn(axes: tuple[str, str]) -> dict[str, Any]:
    """Others small and gray, those that are named on top."""
    names = [words.MAP_OTHER, words.MAP_LISTED, words.MAP_LIKED]
    x, y = (
        {
            "field": name, "type": "quantitative", "scale": {"padding": 8},
            "axis": {"title": words.MAP_AXIS.format(axis=axis), "tickCount": 5},
        }
        for name, axis in zip("xy", axes, strict=True)
    )  # fmt: skip
    what = {"field": "what", "type": "nominal"}
    legend = {"title": None, "orient": "top", "symbolSize": 80}
    return {
        "mark": {"type": "circle"},
        "encoding": {
            "x": x,
            "y": y,
            "color": {**what, "scale": {"domain": names, "range": ["#9aa5b1", "#2f6fb3", "#b8560f"]}, "legend": legend},
            "size": {**what, "scale": {"domain": names, "range": [14, 110, 110]}, "legend": None},
            "opacity": {"condition": {"test": f"datum.what === '{names[0]}'", "value": 0.45}, "value": 0.95},
            "tooltip": [{"field": "title", "type": "nominal"}, {**what, "title": ""}],
        },
        "height": 380,
        "width": "container",
        "padding": {"left": 0, "top": 4, "right": 12, "bottom": 0},
    }
