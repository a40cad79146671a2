//! Tests across crates: the files in `tests/` are the whole of this package.
