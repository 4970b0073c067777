"""Who is told what, and when: policies, rotations, steps and lapses as values. Pure: no clock, database or socket."""
