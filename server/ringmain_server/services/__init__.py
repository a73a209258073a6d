"""Room 2: one servicer for each proto service; each hands the request to the pipeline."""
