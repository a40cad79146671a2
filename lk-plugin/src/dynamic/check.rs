//! The checks that stand between a file and its use, in their order.

use std::fmt;

/// One of the sixteen checks that a plugin file goes through, in this order; the first that it fails refuses it. Up to
/// [`Symbol`](Check::Symbol) nothing of the file runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Check {
    /// The components of the search path are absolute.
    SearchPath = 1,
    /// A component is a directory that only its owner can write to, and the owner is root or this user.
    Directory = 2,
    /// A directory has no more plugin files than are looked at.
    Listing = 3,
    /// The file is a regular one, with the same rules for owner and mode.
    File = 4,
    /// The file is not one that was seen already under another name.
    Repeated = 5,
    /// The content is in the directory's lock file, if there is one.
    Lock = 6,
    /// It is a shared object for this machine, and whole.
    Format = 7,
    /// It asks for none of the memory protections that make attacks easy, and finds its libraries by absolute paths.
    Hardening = 8,
    /// Its notes can be read, and exactly one of them is about the file itself.
    Notes = 9,
    /// It was built for this boundary, target and CPU, with panics that unwind.
    Compatibility = 10,
    /// Its plugins have known kinds and free names.
    Names = 11,
    /// It has the symbol that leads to its plugins.
    Symbol = 12,
    /// A helper process loads it and finds what the notes say.
    Probe = 13,
    /// The system's loader takes it.
    Open = 14,
    /// In memory, it says what its notes say.
    Memory = 15,
    /// Its plugins are registered, all of them at once.
    Register = 16,
}

impl Check {
    /// Its place in the order, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Its name in reports: `search-path`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SearchPath => "search-path",
            Self::Directory => "directory",
            Self::Listing => "listing",
            Self::File => "file",
            Self::Repeated => "repeated",
            Self::Lock => "lock",
            Self::Format => "format",
            Self::Hardening => "hardening",
            Self::Notes => "notes",
            Self::Compatibility => "compatibility",
            Self::Names => "names",
            Self::Symbol => "symbol",
            Self::Probe => "probe",
            Self::Open => "open",
            Self::Memory => "memory",
            Self::Register => "register",
        }
    }
}

impl fmt::Display for Check {
    /// Number and name: `7 (format)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.number(), self.name())
    }
}
