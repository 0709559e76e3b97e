"""Data: what the project holds, its gaps, its long tail; and what a file would do, before it is imported."""

from shlex import quote

import streamlit as st

from tastemaker.app import frame, parts, words
from tastemaker.app.data import checking, holdings
from tastemaker.app.data.plot import moment_of
from tastemaker.errors import DataError


def page(opened: frame.Opened) -> None:
    catalog, recipe, found = opened.catalog(), opened.recipe(), opened.holdings()
    parts.figures({
        words.M_ITEMS: f"{found.items:,}", words.M_LISTED: f"{found.listed:,}", words.M_USERS: f"{found.users:,}",
        words.M_REAL: f"{found.real:,}", words.M_INVENTED: f"{found.synthetic:,}",
    })  # fmt: skip
    gaps = holdings.gaps_plot(holdings.gaps(catalog, recipe["catalog"].get("missing") or {}))
    tail = holdings.tail_plot(found) if len(found.per_item) else None
    parts.charts([holdings.when_plot(opened.store, found), tail], words.NO_TAIL)
    parts.charts([gaps, holdings.sources_plot(found)], words.NO_GAPS)
    _drift(opened)
    st.subheader(words.FILES, anchor=False)
    parts.table(found.files, words.NO_FILES, words.FILES)
    if found.refused:
        st.subheader(words.REFUSED, anchor=False)
        st.caption(words.REFUSED_SAYS.format(n=len(found.refused), all=found.n_refused))
        parts.table(found.refused, alt=words.REFUSED)
    _upload(opened)


def _drift(opened: frame.Opened) -> None:
    found = opened.status()
    st.subheader(words.DRIFT, anchor=False)
    parts.table(holdings.drift_rows(found.drifts, found.limits.drift), words.NO_DRIFT, words.DRIFT)


def _upload(opened: frame.Opened) -> None:
    st.subheader(words.CHECK, anchor=False)
    st.caption(words.CHECK_INTRO)
    what = st.segmented_control(
        words.CHECK_WHAT, list(words.CHECK_KINDS), default="events", format_func=words.CHECK_KINDS.get, required=True
    )
    file = st.file_uploader(words.CHECK_FILE, type=["csv", "tsv", "txt", "json", "jsonl", "ndjson", "parquet", "gz"])
    if file is None or what is None:
        return
    try:
        found = checking.check_file(file.name, file.getvalue(), what, opened.catalog(), opened.store)
    except DataError as error:
        st.warning(f"**{words.CHECK_REFUSED}** {parts.plain(str(error))}", icon=":material/warning:")
        return
    _checked(found, what)


def _checked(found: checking.Checked, what: str) -> None:
    """What an import would do, and the command that does just that."""
    said = words.CHECK_BAD if found.n_refused else words.CHECK_SAID
    told = said.format(
        rows=found.rows, loaded=found.loaded, merged=found.merged, refused=found.n_refused,
        new=found.new, noun=words.CHECK_NEW[what], encoding=found.encoding,
    )  # fmt: skip
    (st.warning if found.n_refused else st.success)(told)
    if found.before is not None:
        st.info(words.CHECK_BEFORE.format(when=moment_of(found.before)), icon=":material/info:")
    parts.table(found.sample, alt=words.CHECK_SAMPLE)
    parts.table(found.refused, alt=words.REFUSED)
    flags = words.CHECK_FLAGS[what] + ("--skip-bad-rows " if found.n_refused else "")
    parts.command(words.CHECK_THEN, [f"tastemaker import {flags}{quote(found.file)}"])


if __name__ == "__main__":
    frame.show(words.PAGES["data"][0], words.DATA_INTRO, page)
