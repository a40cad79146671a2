//! Plugins in files. Where they cannot be had, the same functions say so.

#[cfg(not(all(feature = "dynamic", target_os = "linux")))]
mod elsewhere;
#[cfg(all(feature = "dynamic", target_os = "linux"))]
mod here;

#[cfg(not(all(feature = "dynamic", target_os = "linux")))]
pub(crate) use self::elsewhere::{inspect, lock, on_search_path};
#[cfg(all(feature = "dynamic", target_os = "linux"))]
pub(crate) use self::here::{inspect, lock, on_search_path};
