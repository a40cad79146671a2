//! Files that somebody calls plugins: the fuzz target `note`.

use std::fs::File;
use std::io::Write;

use rustix::fs::{MemfdFlags, memfd_create};

use super::elf::Elf;
use super::{lock, notes, search};
use crate::note;
use crate::registry::Registry;

/// The first byte tells what follows: `e` a file, `n` the JSON of notes with lines `===` between them (a `p` before that of
/// a plugin, an `m` before that of a module), `l` a line of a lock file.
///
/// Whatever is in it, it is read or refused, twice alike, with words that are fit to print; no more memory is taken than
/// the file has bytes, or notes may have. What passes all checks is in what `inspect` finds.
pub fn note(data: &[u8]) {
    match data.split_first() {
        Some((b'e', file)) => inspected(file),
        Some((b'n', json)) => inspected(&file_with(json)),
        Some((b'l', line)) => lock::fuzzing::line_is_read(line),
        _ => {}
    }
}

fn inspected(bytes: &[u8]) {
    let file = memfd_create("lk-plugin-fuzz", MemfdFlags::CLOEXEC).map(File::from);
    let Ok(mut file) = file else { unreachable!("memory is a file system") };
    assert!(file.write_all(bytes).is_ok());
    let length = bytes.len() as u64;
    let read = || notes::read(&Elf::read(&file, length)?);
    let contents = read();
    match (&contents, read()) {
        (Ok(one), Ok(two)) => assert_eq!(*one, two),
        (Err(one), Err(two)) => {
            assert_eq!(one.reason, two.reason);
            let told = format!("{} {}", one.reason, one.remedy);
            assert!(!told.contains(char::is_control) && told.len() < 4_000, "{told}");
        }
        (one, two) => unreachable!("{one:?} and then {two:?}"),
    }
    for plugin in contents.iter().flat_map(|contents| &contents.plugins) {
        assert!(plugin.schema().is_none_or(|schema| schema.is_object()));
        assert_eq!(plugin.to_string(), format!("{}/{}", plugin.kind, plugin.name));
        assert_eq!(plugin.origin(), plugin.origin());
    }
    match search::candidate(&Registry::empty(), &file, length) {
        Ok(candidate) => {
            let found = contents
                .is_ok_and(|contents| candidate.plugins().iter().all(|plugin| contents.plugins.contains(plugin)));
            assert!(found && !candidate.plugins().is_empty());
        }
        Err(fault) => {
            let told = format!("{} {}", fault.reason, fault.remedy);
            assert!(!told.contains(char::is_control) && told.len() < 4_000, "{told}");
        }
    }
}

/// A shared object of this machine's kind with nothing in it but notes.
fn file_with(json: &[u8]) -> Vec<u8> {
    const HEADERS: usize = 64 + 56;
    let mut notes = Vec::new();
    let mut rest = json;
    while !rest.is_empty() {
        let end = rest.windows(5).position(|window| window == b"\n===\n");
        let (one, after) = end.map_or((rest, &[][..]), |end| (&rest[..end], &rest[end + 5..]));
        if let Some((which, json)) = one.split_first() {
            let number = if *which == b'm' { note::MODULE } else { note::PLUGIN };
            for word in [note::NAME.len() as u32, json.len() as u32, number] {
                notes.extend(word.to_le_bytes());
            }
            for part in [note::NAME.as_slice(), json] {
                notes.extend(part);
                notes.resize(notes.len().next_multiple_of(4), 0);
            }
        }
        rest = after;
    }
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    // A shared object for x86-64, whose one program header stands behind this one.
    file.extend([3, 0, 62, 0, 1, 0, 0, 0]);
    for word in [0, 64, 0_u64] {
        file.extend(word.to_le_bytes());
    }
    for half in [0, 0, 64, 56, 1, 0, 0, 0_u16] {
        file.extend(half.to_le_bytes());
    }
    file.extend([4, 0, 0, 0, 4, 0, 0, 0]);
    let length = notes.len() as u64;
    for word in [HEADERS as u64, HEADERS as u64, HEADERS as u64, length, length, 4] {
        file.extend(word.to_le_bytes());
    }
    file.extend(notes);
    file
}
