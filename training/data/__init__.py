"""Corpora to shards: readers, filters, prepare, sampling, augmentation."""
