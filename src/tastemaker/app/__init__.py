"""What people look at: the app in the browser and the report in one file. Reads, records and starts jobs; never trains.

`data/` turns a store into plain rows and figures, tested without a browser; `pages/` shows them, one file a page; all
text stands in `words.py`. Streamlit is imported by the pages alone.
"""
