"""What an implanted pump is and what it says: values and decisions alone, with no clock, file, database or socket."""
