"""The stories, one file each; `catalogue` lists them."""
