"""What a notebook touches: replay, result, statistics, report."""
