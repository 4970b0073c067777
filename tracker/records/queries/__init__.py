"""One query for each list or page, shared by the pages and the API."""
