//! What an ELF file says of itself in its header and program headers: the part that loaders go by, and that `strip` leaves.
//!
//! The file is read piece by piece and never mapped: one that is cut short while it is mapped kills its reader.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use object::elf::{
    DF_1_PIE, DT_FLAGS_1, DynamicTag, ET_DYN, ET_EXEC, FileHeader32, FileHeader64, FileType, Machine, PF_W, PF_X,
    PT_DYNAMIC, PT_INTERP, PT_LOAD, ProgramFlags, ProgramType,
};
use object::endian::Endianness;
use object::read::elf::{FileHeader, ProgramHeader};

use super::check::Check;
use super::files::LOOK_AT_DISK;
use super::report::Fault;

/// The most program headers that are looked at: real files have a dozen.
const MAX_SEGMENTS: usize = 256;

/// As much of a file's start as is read at once; the program headers are nearly always in it.
const START: usize = 4096;

/// An open ELF file.
pub(super) struct Elf<'f> {
    file: &'f File,
    length: u64,
    pub(super) is_64_bit: bool,
    pub(super) endian: Endianness,
    pub(super) file_type: FileType,
    pub(super) machine: Machine,
    pub(super) segments: Vec<Segment>,
}

/// A program header, of either class.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) segment_type: ProgramType,
    pub(super) flags: ProgramFlags,
    pub(super) offset: u64,
    pub(super) address: u64,
    pub(super) length: u64,
    pub(super) length_in_memory: u64,
}

impl Segment {
    pub(super) fn is_writable(&self) -> bool {
        self.flags.0 & PF_W.0 != 0
    }

    pub(super) fn is_executable(&self) -> bool {
        self.flags.0 & PF_X.0 != 0
    }
}

impl<'f> Elf<'f> {
    /// Reads the headers of a file of that length.
    pub(super) fn read(file: &'f File, length: u64) -> Result<Self, Fault> {
        let mut start = vec![0; START.min(usize::try_from(length).unwrap_or(START))];
        file.read_exact_at(&mut start, 0).map_err(unreadable)?;
        match start.get(..5) {
            Some([0x7f, b'E', b'L', b'F', 1]) => Self::of::<FileHeader32<Endianness>>(file, length, &start),
            Some([0x7f, b'E', b'L', b'F', 2]) => Self::of::<FileHeader64<Endianness>>(file, length, &start),
            _ if length == 0 => Err(damaged("is empty")),
            _ => Err(Fault::new(
                Check::Format,
                "is not an ELF file",
                "plugins are shared objects that `cargo build` makes of a crate with `crate-type = [\"cdylib\"]`",
            )),
        }
    }

    fn of<H: FileHeader<Endian = Endianness>>(file: &'f File, length: u64, start: &[u8]) -> Result<Self, Fault> {
        let header = H::parse(start).map_err(|_| damaged("has no whole ELF header"))?;
        let endian = header.endian().map_err(|_| damaged("has an ELF header of no known byte order"))?;
        let count = usize::from(header.e_phnum(endian));
        if count > MAX_SEGMENTS {
            return Err(damaged(format!("has {count} program headers, and at most {MAX_SEGMENTS} are looked at")));
        }
        let entry = size_of::<H::ProgramHeader>();
        if count > 0 && usize::from(header.e_phentsize(endian)) != entry {
            return Err(damaged("has program headers of a wrong size"));
        }
        let mut elf = Self {
            file,
            length,
            is_64_bit: header.is_type_64(),
            endian,
            file_type: header.e_type(endian),
            machine: header.e_machine(endian),
            segments: Vec::new(),
        };
        let at = header.e_phoff(endian).into();
        let in_start = usize::try_from(at).ok().and_then(|at| start.get(at..)?.get(..count * entry));
        let far = if in_start.is_none() { elf.bytes(at, (count * entry) as u64) } else { Some(Vec::new()) };
        let table = in_start.or(far.as_deref()).ok_or_else(|| damaged("ends before its program headers do"))?;
        let headers = object::pod::slice_from_all_bytes::<H::ProgramHeader>(table);
        let headers = headers.map_err(|()| damaged("ends before its program headers do"))?;
        elf.segments.extend(headers.iter().map(|header| Segment {
            segment_type: header.p_type(endian),
            flags: header.p_flags(endian),
            offset: header.p_offset(endian).into(),
            address: header.p_vaddr(endian).into(),
            length: header.p_filesz(endian).into(),
            length_in_memory: header.p_memsz(endian).into(),
        }));
        Ok(elf)
    }

    /// The segments of that type.
    pub(super) fn of_type(&self, segment_type: ProgramType) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(move |segment| segment.segment_type == segment_type)
    }

    /// Whether the file has all of the segment.
    pub(super) fn holds(&self, segment: &Segment) -> bool {
        segment.offset.checked_add(segment.length).is_some_and(|end| end <= self.length)
    }

    /// Bytes of the file; `None` when it does not have them. The caller bounds the length.
    pub(super) fn bytes(&self, offset: u64, length: u64) -> Option<Vec<u8>> {
        // Before anything is allocated.
        offset.checked_add(length).filter(|end| *end <= self.length)?;
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        self.file.read_exact_at(&mut bytes, offset).ok()?;
        Some(bytes)
    }

    /// Bytes of the program in memory, as far as they come from the file.
    pub(super) fn memory(&self, address: u64, length: u64) -> Option<Vec<u8>> {
        let segment = self.loaded(address)?;
        let at = address - segment.address;
        at.checked_add(length).filter(|end| *end <= segment.length)?;
        self.bytes(segment.offset.checked_add(at)?, length)
    }

    /// Text of the program in memory up to its zero, at most `longest` bytes of it.
    pub(super) fn memory_text(&self, address: u64, longest: u64) -> Option<Vec<u8>> {
        let segment = self.loaded(address)?;
        let mut text = self.memory(address, longest.min(segment.length - (address - segment.address)))?;
        text.truncate(text.iter().position(|byte| *byte == 0)?);
        Some(text)
    }

    /// The segment from which that address is filled.
    fn loaded(&self, address: u64) -> Option<&Segment> {
        let holds = |segment: &&Segment| address.checked_sub(segment.address).is_some_and(|at| at < segment.length);
        self.of_type(PT_LOAD).find(holds)
    }

    /// The length of a word: an address in this file.
    pub(super) fn word_length(&self) -> u64 {
        if self.is_64_bit { 8 } else { 4 }
    }

    /// The words of a table.
    pub(super) fn words<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = u64> + use<'b> {
        let (length, is_little) = (self.word_length() as usize, self.endian == Endianness::Little);
        bytes.chunks_exact(length).map(move |word| {
            let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
            if is_little { word.iter().rev().fold(0, add) } else { word.iter().fold(0, add) }
        })
    }

    /// The numbers of 32 bits of a table.
    pub(super) fn numbers<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = u32> + use<'b> {
        let is_little = self.endian == Endianness::Little;
        bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(move |number| if is_little { u32::from_le_bytes(*number) } else { u32::from_be_bytes(*number) })
    }

    /// Whether it is to be run and not to be loaded. Programs that are placed anywhere have the type of shared objects.
    pub(super) fn is_program(&self) -> bool {
        let is_pie = || self.dynamic()?.value(DT_FLAGS_1).map(|flags| flags & DF_1_PIE.0 != 0);
        self.file_type == ET_EXEC
            || (self.file_type == ET_DYN && (self.of_type(PT_INTERP).next().is_some() || is_pie().unwrap_or(false)))
    }

    /// The dynamic section.
    pub(super) fn dynamic(&self) -> Option<Dynamic> {
        let segment = self.of_type(PT_DYNAMIC).next()?;
        let bytes = self.bytes(segment.offset, segment.length.min(MAX_DYNAMIC))?;
        let mut words = self.words(&bytes);
        let pairs = std::iter::from_fn(|| Some((words.next()?, words.next()?)));
        Some(Dynamic(pairs.take_while(|(tag, _)| *tag != 0).collect()))
    }
}

/// What the loader is told, as tags and values.
#[derive(Default)]
pub(super) struct Dynamic(Vec<(u64, u64)>);

impl Dynamic {
    /// The value of that tag, the first where there are several.
    pub(super) fn value(&self, tag: DynamicTag) -> Option<u64> {
        self.0.iter().find(|(other, _)| *other == tag.0 as u64).map(|(_, value)| *value)
    }
}

/// As much of the dynamic section as is read, in bytes: real ones have a few hundred.
const MAX_DYNAMIC: u64 = 1 << 16;

fn unreadable(error: io::Error) -> Fault {
    Fault::new(Check::Format, format!("cannot be read ({error})"), LOOK_AT_DISK)
}

/// Not all there, or not as it was.
pub(super) fn damaged(reason: impl Into<String>) -> Fault {
    Fault::new(Check::Format, reason, "it is damaged or was copied in part; build or copy it again")
}
