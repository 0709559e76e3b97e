"""Tables, catalogs, events and queries: what is known, as immutable columns."""
