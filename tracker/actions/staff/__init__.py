"""Actions on people and programs who sign in, and on what their clinic sets."""
