"""Items on a map as plain Vega-Lite: every change draws it, and Altair would check each piece by its schema again."""

from collections.abc import Mapping, Sequence
from typing import Any

from tastemaker.app import words


def drawn(axes: tuple[str, str], **datasets: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """others: small and gray, and behind; named: what is listed or liked, on top"""
    import pandas  # no other part of Discover needs it

    frames = {name: pandas.DataFrame(columns) for name, columns in datasets.items()}
    return {
        "datasets": frames,
        "layer": [_layer(name, axes, opacity) for name, opacity in (("others", 0.45), ("named", 0.95))],
        "height": 380,
        "width": "container",
        "padding": {"left": 0, "top": 4, "right": 12, "bottom": 0},
        "usermeta": {"embedOptions": {"renderer": "canvas"}},  # as SVG, each item would be an element of the page
    }


def _layer(name: str, axes: tuple[str, str], opacity: float) -> dict[str, Any]:
    names = [words.MAP_OTHER, words.MAP_LISTED, words.MAP_LIKED]
    x, y = (
        {
            "field": field, "type": "quantitative", "scale": {"padding": 8},
            "axis": {"title": words.MAP_AXIS.format(axis=axis), "tickCount": 5},
        }
        for field, axis in zip("xy", axes, strict=True)
    )  # fmt: skip
    what = {"field": "what", "type": "nominal"}
    legend = {"title": None, "orient": "top", "symbolSize": 80, "symbolOpacity": 1}
    return {
        "data": {"name": name},
        "mark": {"type": "circle", "opacity": opacity},
        "encoding": {
            "x": x,
            "y": y,
            "color": {**what, "scale": {"domain": names, "range": ["#9aa5b1", "#2f6fb3", "#b8560f"]}, "legend": legend},
            "size": {**what, "scale": {"domain": names, "range": [14, 110, 110]}, "legend": None},
            "tooltip": [{"field": "title", "type": "nominal"}, {**what, "title": ""}],
        },
    }
