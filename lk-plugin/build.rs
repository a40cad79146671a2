//! Empty: Cargo wants a build script beside `links` (see Cargo.toml).

fn main() {}
