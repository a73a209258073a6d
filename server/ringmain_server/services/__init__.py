"""Room 2: one servicer for each proto service; each passes the request to the pipeline."""
