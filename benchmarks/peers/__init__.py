"""Our collaborative engine beside its peers: same data, same run, every competitor in a process of its own."""
