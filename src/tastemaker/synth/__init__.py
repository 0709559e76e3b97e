"""Invented users, events and catalogs; every draw comes from a generator that is passed in."""
