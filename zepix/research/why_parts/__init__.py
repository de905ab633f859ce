"""Parts of *tell me why*: where a run's facts come from, which alert is meant, what its path was, and how it reads."""
