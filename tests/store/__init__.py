"""The project's memory, on real databases."""
