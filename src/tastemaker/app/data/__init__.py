"""From a store to what a page shows: plain rows and figures. No Streamlit here, and nothing that trains."""
