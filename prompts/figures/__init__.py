"""What a run shows: intervals, tests, verdicts, charts."""
