"""HTTP service around `nmt.translator`; not part of this version yet."""
