"""What is kept: the tables, every query on them (one file per subject), the database and its migrations."""
