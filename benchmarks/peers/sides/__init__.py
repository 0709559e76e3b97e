"""One file a competitor. CALLS: what it can be asked -> (world, settings) -> Work. A worker imports only its own."""
