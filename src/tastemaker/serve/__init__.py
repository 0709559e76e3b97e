"""The service: any project behind HTTP. It loads what the store says is active, imports nothing that trains, and keeps
answering when things break; every answer says which model, which level and why."""
