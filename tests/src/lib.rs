//! Tests across crates: the files in `tests/` are the whole of this package, and here is what several of them need.

pub mod lk_go;
pub mod shared_object;
