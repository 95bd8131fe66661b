"""Studies put together by a configuration: several kinds in one, cohorts of them, and media that hold them."""
