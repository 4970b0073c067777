"""The pump models, one file each, literals only; `catalogue` lists them."""
