//! What plugins leave in the artifacts they are linked into: ELF notes, which a reader finds without running anything.
//!
//! A note is three numbers, a name and JSON, in a section that every linker keeps and joins, and that `strip` leaves. The
//! JSON is made at compile time, most of it by the macros. Only ELF has such notes; for other formats none are written.

mod cpu;
mod json;
mod module;
mod plugin;

pub(crate) use self::module::ABI;
pub use self::module::{Module, module, module_length};
pub use self::plugin::{plugin, plugin_length};

/// The version of the JSON; grows when a reader would have to change.
pub(crate) const FORMAT: u32 = 1;

/// Whose notes they are, as ELF has it: with a zero at the end.
pub(crate) const NAME: &[u8; 10] = b"lk-plugin\0";

/// The number of a note about one plugin.
pub(crate) const PLUGIN: u32 = 1;

/// The number of the note about a whole `.so`.
pub(crate) const MODULE: u32 = 2;

/// An ELF note as it lies in the file, with `N` bytes of JSON and zeros.
#[repr(C)]
pub struct Note<const N: usize> {
    /// What an entry refers to.
    pub head: Head,
    name: [u8; 12],
    description: [u8; N],
}

/// The lengths of name and description, and the number of the note.
#[repr(C)]
pub struct Head {
    name_size: u32,
    description_size: u32,
    number: u32,
}

/// What an entry refers to, so that its note stays or goes with it.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
pub type Linked = &'static Head;
/// What an entry refers to; here it leaves no note.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
pub type Linked = ();

impl<const N: usize> Note<N> {
    const fn new(number: u32, description: [u8; N], length: usize) -> Self {
        let head = Head { name_size: NAME.len() as u32, description_size: length as u32, number };
        Self { head, name: *b"lk-plugin\0\0\0", description }
    }
}

/// A length with what is missing to the next multiple of four, where the next note begins.
const fn padded(length: usize) -> usize {
    length.next_multiple_of(4)
}
