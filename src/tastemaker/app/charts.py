"""A Plot as an Altair chart: axes with units, nothing that needs the network; its title stands above it as text."""

from typing import Any

import altair as alt

from .data.plot import Plot, Rows

HEIGHT = 280
ROW = 26  # pixels a bar or point of a named axis
GRAY = "#7a8594"


def draw(plot: Plot, height: int = HEIGHT) -> Any:
    """The picture, as wide as its place."""
    data = _data(plot.rows)
    named = plot.x_kind == "name"
    chart = _named(plot, data) if named else _plain(plot, data)
    each = len(_labels(plot)) if plot.kind == "bar" and _overlap(plot) else 1
    tall = (
        ROW * each * len({row[plot.x] for row in plot.rows}) + (116 if _told_apart(plot) else 56) if named else height
    )
    return chart.properties(height=tall, width="container", padding={"left": 0, "top": 4, "right": 12, "bottom": 0})


def _labels(plot: Plot) -> list[str]:
    """Of the series, in order of appearance."""
    return list(dict.fromkeys(str(row[plot.series]) for row in plot.rows)) if plot.series else []


def _told_apart(plot: Plot) -> bool:
    """Are there several series? One needs no legend."""
    return len(_labels(plot)) > 1


def _data(rows: Rows) -> Any:
    """The rows as a frame, which Streamlit sends as columns: Altair would check each of thousands by its schema."""
    import pandas

    return pandas.DataFrame([dict(row) for row in rows])


def _format(plot: Plot) -> str:
    whole = all(isinstance(row[plot.y], int) for row in plot.rows)
    return ".0%" if plot.percent else ",~r" if whole else ",.4~r"  # never 1e+1


def _value(plot: Plot, channel: Any) -> Any:
    axis = alt.Axis(title=plot.y_title, format=_format(plot), tickCount=5)
    return channel(f"{plot.y}:Q", axis=axis, scale=_scale(plot))


def _scale(plot: Plot) -> Any:
    """Shares over time and on the diagonal: all of them that are possible. Intervals: with room at both ends."""
    values = [v for name in (plot.y, plot.low, plot.high) if name for row in plot.rows if (v := row[name]) is not None]
    share = plot.percent and all(0.0 <= v <= 1.0 for v in values)
    if share and (plot.diagonal or (plot.low and plot.x_kind == "time")):
        return alt.Scale(domain=[0, 1])
    if plot.low and plot.x_kind == "name":
        room = 0.06 * (max(values) - min(values)) or 0.05
        ends = [min(values) - room, max(values) + room]
        return alt.Scale(domain=[max(0.0, ends[0]), min(1.0, ends[1])] if share else ends, nice=False)
    return alt.Scale(zero=plot.kind == "bar" or plot.diagonal, nice=True)


def _color(plot: Plot) -> Any:
    if not _told_apart(plot):
        return alt.Undefined
    legend = alt.Legend(
        title=plot.series_title or None, orient="top", columns=3, labelLimit=260, offset=4, symbolOpacity=1,
        symbolStrokeWidth=3,
    )  # fmt: skip
    return alt.Color(f"{plot.series}:N", legend=legend, sort=_labels(plot))


def _dash(plot: Plot) -> Any:
    """The second kind of a line is dashed."""
    kinds = list(dict.fromkeys(str(row[plot.dash]) for row in plot.rows)) if plot.dash else []
    if len(kinds) < 2:
        return alt.Undefined
    scale = alt.Scale(domain=kinds, range=[[1, 0], [5, 4]])
    legend = alt.Legend(title=None, orient="top", labelLimit=260, offset=4, symbolStrokeWidth=2)
    return alt.StrokeDash(f"{plot.dash}:N", scale=scale, legend=legend)


def _tips(plot: Plot) -> list[Any]:
    kind = {"time": "T", "number": "Q", "name": "N"}[plot.x_kind]
    tips = [alt.Tooltip(f"{plot.x}:{kind}", title=plot.x_title or plot.x)]
    tips += [alt.Tooltip(f"{name}:N", title=name) for name in (plot.series, plot.dash) if name]
    form = ".1%" if plot.percent else ".4~g"
    tips += [alt.Tooltip(f"{plot.y}:Q", title=plot.y_title, format=form)]
    tips += [alt.Tooltip(f"{end}:Q", title=end, format=form) for end in (plot.low, plot.high) if end]
    return tips + [alt.Tooltip(f"{name}:N", title=name) for name in plot.tips]


def _named(plot: Plot, data: Any) -> Any:
    """Names stand on the left, where they have room; values go to the right."""
    order = list(dict.fromkeys(row[plot.x] for row in plot.rows))
    y = alt.Y(
        f"{plot.x}:N",
        sort=order,
        scale=alt.Scale(type="band"),
        axis=alt.Axis(title=plot.x_title or None, labelLimit=230, labelPadding=6, labelOverlap=False, labelBound=False),
    )
    base = alt.Chart(data).encode(y=y, tooltip=_tips(plot))
    x = _value(plot, alt.X)
    if plot.kind == "bar":
        marks = base.mark_bar(size=14, cornerRadiusEnd=2).encode(x=x, color=_color(plot))
        return marks.encode(yOffset=alt.YOffset(f"{plot.series}:N")) if _told_apart(plot) and _overlap(plot) else marks
    points = base.mark_point(filled=True, size=70).encode(x=x, color=_color(plot))
    if not plot.low:
        return points
    ends = {
        "x": alt.X(f"{plot.low}:Q", title=plot.y_title, scale=_scale(plot)),
        "x2": alt.X2(f"{plot.high}:Q"),
    }
    plain: dict[str, Any] = {} if _told_apart(plot) else {"color": GRAY}
    return base.mark_rule(strokeWidth=2, **plain).encode(**ends, color=_color(plot)) + points


def _overlap(plot: Plot) -> bool:
    names = [row[plot.x] for row in plot.rows]
    return len(names) != len(set(names))


def _plain(plot: Plot, data: Any) -> Any:
    kind = {"time": "T", "number": "Q"}[plot.x_kind]
    scale = alt.Scale(type="log") if plot.log_x else alt.Scale(zero=False, nice=plot.x_kind == "number")
    form: Any = {"format": ".0%"} if plot.diagonal else {}
    axis = alt.Axis(title=plot.x_title, labelAngle=0, labelOverlap=True, tickCount=6, grid=False, **form)
    x = alt.X(f"{plot.x}:{kind}", axis=axis, scale=scale)
    base = alt.Chart(data).encode(x=x, tooltip=_tips(plot))
    layers = [*_behind(plot), *_main(plot, base)]
    return alt.layer(*layers)


def _main(plot: Plot, base: Any) -> list[Any]:
    y, color = _value(plot, alt.Y), _color(plot)
    if plot.kind == "bar":
        return [
            base.mark_bar(cornerRadiusEnd=2, size=max(2, min(18, 200 // max(len(plot.rows), 1)))).encode(
                y=y, color=color
            )
        ]
    if plot.kind == "point":
        return [base.mark_point(filled=True, size=55, opacity=0.75).encode(y=y, color=color)]
    first = plot.rows[0][plot.dash] if plot.dash else None
    band = []
    if plot.low:
        ends = {"y": alt.Y(f"{plot.low}:Q", title=plot.y_title), "y2": alt.Y2(f"{plot.high}:Q")}
        area = base.mark_area(opacity=0.22).encode(**ends, color=color)
        band = [area.transform_filter(alt.datum[plot.dash] == first) if plot.dash else area]
    dots = alt.OverlayMarkDef(size=28) if len(plot.rows) <= 120 and not plot.diagonal and not plot.dash else False
    line = base.mark_line(point=dots, strokeWidth=2).encode(y=y, color=color, strokeDash=_dash(plot))
    if plot.size:
        points = base.mark_point(filled=True, opacity=1).encode(y=y, size=alt.Size(f"{plot.size}:Q", legend=None))
        return [line, points]
    if not plot.loose:
        return [*band, line]
    is_loose = f"datum['{plot.series}'] === '{plot.loose}'"
    points = base.mark_point(filled=True, size=45).encode(y=y, color=color)
    return [points.transform_filter(is_loose), line.transform_filter(f"!({is_loose})")]


def _behind(plot: Plot) -> list[Any]:
    """The limit, the diagonal and the moments that matter."""
    found = []
    if plot.level is not None:
        row = _data([{"level": plot.level, "label": plot.level_title}])
        found.append(alt.Chart(row).mark_rule(strokeDash=[5, 4], color=GRAY).encode(y="level:Q"))
        text = alt.Chart(row).mark_text(align="left", baseline="bottom", dy=-3, dx=4, color=GRAY)
        found.append(text.encode(x=alt.value(0), y="level:Q", text="label:N"))
    if plot.diagonal:
        ends = _data([{plot.x: 0.0, plot.y: 0.0}, {plot.x: 1.0, plot.y: 1.0}])
        found.append(alt.Chart(ends).mark_line(strokeDash=[5, 4], color=GRAY).encode(x=f"{plot.x}:Q", y=f"{plot.y}:Q"))
    if plot.marks:
        data = _data(plot.marks)
        rule = alt.Chart(data).mark_rule(strokeDash=[2, 3], color=GRAY).encode(x="at:T")
        text = (
            alt.Chart(data)
            .mark_text(align="left", baseline="top", dx=3, color=GRAY)
            .encode(x="at:T", y=alt.value(0), text="label:N")
        )
        found += [rule, text]
    return found
