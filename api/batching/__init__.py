"""Joins sentences of different callers into batches; one owner for each model.

`queue` says whose sentence is next, `batcher` runs the model, `speed` knows how fast that goes,
`isolation` keeps a sentence that fails from failing others, `settling` tells those who wait,
`cache` and `redis_cache` remember, `keys` says when two sentences are the same.
"""
