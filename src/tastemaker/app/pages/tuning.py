"""Tuning: what was searched and found, which settings matter, the best beside the present ones."""

import streamlit as st

from tastemaker.app import frame, parts, words
from tastemaker.app.data import tuning

SLICES = 6


def page(opened: frame.Opened) -> None:
    found = tuning.studies(opened.store)
    if not found:
        parts.nothing(words.NO_STUDIES)
        parts.command(words.TUNE_COMMANDS, words.TUNE_LINES)
        return
    names = {s.id: f"{s.id} · {s.model} ({s.state})" for s in found}
    chosen = st.selectbox(words.STUDY, list(names), format_func=names.__getitem__, key="study")
    study = next(s for s in found if s.id == chosen)
    one = tuning.searched(opened.store, study)
    st.caption(words.STUDY_SAYS.format(protocol=study.settings.get("protocol", ""), metric=study.metric))
    parts.chart(tuning.progress_plot(one), words.NO_TRIALS)
    st.subheader(words.BESIDE_PRESENT, anchor=False)
    gain = tuning.gain_said(study)
    if gain:
        st.caption(gain)
    parts.table(tuning.beside_rows(one), words.NO_TRIALS, words.BESIDE_PRESENT)
    parts.chart(tuning.importance_plot(one), words.FEW_TRIALS)
    _slices(one)
    parts.command(words.TUNE_COMMANDS, words.TUNE_LINES)
    st.subheader(words.STUDIES, anchor=False)
    parts.table(tuning.study_rows(found), alt=words.STUDIES)


def _slices(one: tuning.Searched) -> None:
    names = tuning.fields_of(one)[:SLICES]
    if not names:
        return
    st.subheader(words.SLICES, anchor=False)
    parts.charts([tuning.slice_plot(one, name) for name in names])


if __name__ == "__main__":
    frame.show(words.PAGES["tuning"][0], words.TUNING_INTRO, page)
