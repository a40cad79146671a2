//! What the tests across crates share; the tests themselves are in `tests/`.

pub mod cargo;
pub mod model_files;
pub mod program;
pub mod server;
pub mod shared_object;
pub mod websocket;
