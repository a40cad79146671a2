//! What tests across the crates share: a scripted server ([`server`]).

pub mod server;
