//! Plugins in files. Where they cannot be had, the same functions say so.

#[cfg(not(all(feature = "dynamic", target_os = "linux")))]
mod elsewhere;
#[cfg(all(feature = "dynamic", target_os = "linux"))]
mod here;

#[cfg(not(all(feature = "dynamic", target_os = "linux")))]
pub(crate) use self::elsewhere::{be_probe, inspect, load, load_file, lock, on_search_path, probed};
#[cfg(all(feature = "dynamic", target_os = "linux"))]
pub(crate) use self::here::{be_probe, inspect, load, load_file, lock, on_search_path, probed};

/// Whether [`inspect`] can look into programs.
pub(crate) const CAN_INSPECT: bool = cfg!(all(feature = "dynamic", target_os = "linux"));
