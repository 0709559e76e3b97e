"""Quality: what was foretold beside what happened, and what nobody expected."""

import streamlit as st

from tastemaker.app import frame, parts, words
from tastemaker.app.data import quality


def page(opened: frame.Opened) -> None:
    seen = opened.quality()
    if not len(seen.outcomes):
        parts.nothing(words.NO_QUALITY)
        _impact(opened)
        return
    catalog, found = opened.catalog(), seen.quality
    st.caption(words.WINDOW.format(days=seen.limits.window_days))
    parts.figures(quality.summary(found), words.QUALITY_HELP)
    parts.chart(quality.over_time_plot(seen), words.NO_CHANCE)
    parts.charts([quality.calibration_plot(found), quality.segments_plot(found)])
    st.subheader(words.BY_VERSION, anchor=False)
    parts.table(quality.version_rows(found), alt=words.BY_VERSION)
    st.subheader(words.WORST, anchor=False)
    st.caption(words.WORST_SAYS.format(n=seen.limits.min_samples))
    parts.table(quality.worst_rows(found, catalog), words.NO_WORST, words.WORST)
    st.subheader(words.UNEXPECTED, anchor=False)
    n, rows = quality.unexpected_rows(seen, catalog)
    st.caption(words.UNEXPECTED_SAYS.format(n=n, all=len(seen.outcomes)))
    parts.table(rows, alt=words.UNEXPECTED)
    _impact(opened)


def _impact(opened: frame.Opened) -> None:
    st.caption(words.IMPACT_SAYS)
    made = quality.impact_page(opened.store.root)
    if made is not None:
        st.download_button(
            words.IMPACT, made, "impact.html", "text/html", on_click="ignore", icon=":material/download:"
        )
    parts.command(words.IMPACT_COMMAND, ["tastemaker impact"])


if __name__ == "__main__":
    frame.show(words.PAGES["quality"][0], words.QUALITY_INTRO, page)
