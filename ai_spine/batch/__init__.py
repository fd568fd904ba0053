"""Many executions of one flow: its inputs, workers, results and checkpoint."""
