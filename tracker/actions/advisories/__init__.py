"""Actions on recalls and advisories: read, compare, load, import, acknowledge."""
