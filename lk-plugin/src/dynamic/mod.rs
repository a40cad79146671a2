//! Plugins in files: what is in a file, and whether it may be loaded, from its bytes alone.

mod candidate;
mod check;
mod contents;
mod keep;
mod report;

pub use self::candidate::Candidate;
pub use self::check::Check;
pub use self::contents::{Contents, ModelNote, ModuleNote, PluginNote};
pub use self::report::{Refusal, Report, Skipped};
