//! Check 9: the notes of a file.

use object::elf::{FileHeader64, PT_NOTE};
use object::endian::Endianness;
use object::read::elf::NoteIterator;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::check::Check;
use super::contents::{Contents, ModuleNote};
use super::elf::Elf;
use super::report::Fault;
use crate::hint::start_of;
use crate::note;

/// The most bytes of notes that are read in one file: the largest of ours, and what others leave.
const MAX_NOTES: u64 = 8 << 20;

/// The longest JSON of one note.
pub(super) const MAX_JSON: usize = 1 << 20;

/// As much of a reader's error as is shown, in characters.
const MAX_ERROR: usize = 200;

/// The most plugins of one file.
const MAX_PLUGINS: usize = 1024;

/// All notes that are ours.
pub(super) fn read(elf: &Elf<'_>) -> Result<Contents, Fault> {
    let mut contents = Contents::default();
    // The crates in a program may export plugins, of which nothing is to be seen from outside: those notes say what each
    // would be as a file.
    let is_program = elf.is_program();
    let mut left = MAX_NOTES;
    for segment in elf.of_type(PT_NOTE) {
        left =
            left.checked_sub(segment.length).ok_or_else(|| bad(format!("has more than {MAX_NOTES} bytes of notes")))?;
        let bytes = elf.bytes(segment.offset, segment.length).ok_or_else(|| bad("ends before its notes do"))?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            // What a linker leaves between notes of two alignments. A note without a name is nobody's.
            if let Some(after) = rest.strip_prefix(&[0; 4]) {
                rest = after;
                continue;
            }
            // Notes of both classes look the same, and those that are aligned to eight have no need of it: mold puts
            // notes of both alignments into one segment, and calls all of it aligned to eight.
            let mut notes = NoteIterator::<FileHeader64<Endianness>>::new(elf.endian, 4, rest).map_err(broken)?;
            let Some(note) = notes.next().map_err(broken)? else { break };
            let number = note.n_type(elf.endian).0;
            if note.name_bytes() == note::NAME && !(is_program && number == note::MODULE) {
                take(&mut contents, number, note.desc())?;
            }
            let sizes = [note.n_namesz(elf.endian), note.n_descsz(elf.endian)];
            let length = sizes.iter().fold(12_usize, |length, size| length + (*size as usize).next_multiple_of(4));
            rest = rest.get(length..).unwrap_or_default();
        }
    }
    // The linker's order is chance.
    contents.plugins.sort_by(|one, two| (&one.kind, &one.name).cmp(&(&two.kind, &two.name)));
    Ok(contents)
}

fn take(contents: &mut Contents, number: u32, json: &[u8]) -> Result<(), Fault> {
    if json.len() > MAX_JSON {
        return Err(bad(format!("has a note of {} bytes, and at most {MAX_JSON} are read", json.len())));
    }
    match number {
        note::PLUGIN if contents.plugins.len() == MAX_PLUGINS => {
            return Err(bad(format!("has more than {MAX_PLUGINS} plugins")));
        }
        note::PLUGIN => contents.plugins.push(parse(json)?),
        note::MODULE => {
            if contents.module.is_some() {
                return Err(bad("has two notes about the file itself; `export_plugins!` stands in it twice"));
            }
            contents.module = Some(parse(json)?);
        }
        // Of a later version, which says more.
        _ => {}
    }
    Ok(())
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Fault> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let format = serde_json::from_slice::<Format>(json).map_err(unreadable)?.format;
    if format > note::FORMAT {
        return Err(Fault::new(
            Check::Notes,
            format!("was built by a later version of lk-plugin (its notes have format {format})"),
            format!("update this program, which reads format {}, or build the plugin with its version", note::FORMAT),
        ));
    }
    serde_json::from_slice(json).map_err(unreadable)
}

/// The note about the file itself, of which a plugin file has exactly one.
pub(super) fn module(contents: &mut Contents) -> Result<ModuleNote, Fault> {
    contents.module.take().ok_or_else(|| {
        let (reason, remedy) = match contents.plugins.len() {
            0 => (
                "holds no plugins".to_owned(),
                "if it should, annotate their constructors with `#[lk_plugin]`; other libraries belong elsewhere",
            ),
            count => {
                let reason = match count {
                    1 => "does not export the plugin in it".to_owned(),
                    _ => format!("exports none of the {count} plugins in it"),
                };
                (reason, "write `lk_plugin::export_plugins!();` in its lib.rs")
            }
        };
        Fault::new(Check::Notes, reason, remedy)
    })
}

fn bad(reason: impl Into<String>) -> Fault {
    Fault::new(Check::Notes, reason, "build it again, with one version of lk-plugin")
}

fn broken(_: object::read::Error) -> Fault {
    bad("has notes that are no notes")
}

fn unreadable(error: serde_json::Error) -> Fault {
    // The words of the note may be among them.
    bad(format!("has a note that cannot be read ({})", start_of(&error.to_string(), MAX_ERROR)))
}
