"""The app's first file: pages and their order. Streamlit runs it anew at every change; start it by `tastemaker app`."""

from pathlib import Path

import streamlit as st

from tastemaker.app import words

PAGES = Path(__file__).parent / "pages"
ICON = Path(__file__).with_name("icon.svg")  # of our own: a named one would be fetched from elsewhere
STYLE = """<style>
[data-testid=stMainBlockContainer]{padding:3.2rem 3rem 4rem}
@media(max-width:640px){[data-testid=stMainBlockContainer]{padding-left:1rem;padding-right:1rem}}
[data-testid=stVegaLiteChart]{margin-bottom:-.8rem}
[data-tag],[data-tag] *{color:light-dark(#fff,#0e1117)!important}
[data-testid=stCaptionContainer]{color:inherit!important;opacity:.8}
[data-testid=stCaptionContainer] p{color:inherit!important}
.tastemaker-table{overflow-x:auto;border:1px solid rgba(128,140,155,.35);border-radius:8px;font-size:14px}
.tastemaker-table table{border-collapse:collapse;width:100%}
.tastemaker-table th{text-align:left;font-weight:600;white-space:nowrap}
.tastemaker-table th,.tastemaker-table td{padding:.35rem .7rem;vertical-align:top;min-width:3.2rem}
.tastemaker-table tbody td{border-top:1px solid rgba(128,140,155,.25)}
.tastemaker-table td.n{font-variant-numeric:tabular-nums}
.tastemaker-table td.s{white-space:nowrap}
.tastemaker-table td.l{min-width:14rem}
</style>"""


def main() -> None:
    st.set_page_config(page_title=words.APP, page_icon=ICON.read_text("utf-8"), layout="wide")
    st.html(STYLE)
    found = [
        st.Page(PAGES / f"{name}.py", title=title, icon=icon, default=name == "discover")
        for name, (title, icon) in words.PAGES.items()
    ]
    st.navigation(found).run()


if __name__ == "__main__":
    main()
