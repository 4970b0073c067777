"""The pages and the JSON API: where people and programs meet the records."""
