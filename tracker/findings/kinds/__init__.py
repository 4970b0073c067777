"""One file for each kind of finding; `tracker.findings.catalogue` lists them."""
