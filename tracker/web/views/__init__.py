"""From values to what a page shows: templates, formatting, charts, summaries. No statement, no decision."""
