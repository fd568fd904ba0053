"""Many executions of one flow: input queue, workers, results, checkpoint.

`run` is the caller's side of a batch and `scheduler` the thread that decides.
"""
