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
.tastemaker-table td.l{min-width:12rem}
.tastemaker-card{display:flex;flex-wrap:wrap;gap:.6rem 2rem;line-height:1.55}
.tastemaker-card>div{flex:5 1 15rem;min-width:0;overflow-wrap:anywhere}
.tastemaker-card>div+div{flex:3 1 9rem}
.tastemaker-card b{font-weight:600;display:block}
.tastemaker-card p{font-size:14px;margin:.5rem 0 0}
.tastemaker-card small{font-size:14px;color:light-dark(#5b6470,#b3bac4)}
.tastemaker-card details{flex:1 1 100%;font-size:14px}
.tastemaker-card details p{margin:.3rem 0 .6rem}
.tastemaker-card summary{cursor:pointer;width:fit-content;color:light-dark(#1d52a0,#9cc5f2)}
.tastemaker-bar{height:8px;border-radius:4px;background:rgba(128,140,155,.25);margin:.5rem 0}
.tastemaker-bar div{height:8px;border-radius:4px;background:#2f77bd}
.tastemaker-badge{display:inline-block;padding:0 .35rem;border-radius:5px;font-size:13px;
color:light-dark(#4a525d,#c3cad3);background:light-dark(#eef0f2,#30363d)}
.tastemaker-badge.violet{color:light-dark(#6a3f9c,#cdb0ef);background:light-dark(#f4eefb,#33264a)}
.tastemaker-badge.blue{color:light-dark(#1d52a0,#9cc5f2);background:light-dark(#eaf2fc,#1b3049)}
.tastemaker-badge.green{color:light-dark(#1f6a3c,#8fd6a8);background:light-dark(#e9f6ee,#1b3a28)}
.tastemaker-badge.orange{color:light-dark(#96400a,#f3b57f);background:light-dark(#fdf2e8,#43290f)}
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
