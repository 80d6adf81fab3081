"""HTTP service around `nmt.translator`."""
