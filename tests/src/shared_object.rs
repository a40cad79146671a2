//! Shared objects put together by hand, each part as a test wants it: so small that a hundred can be made in a moment, and
//! with faults that no linker would write.

/// An ELF file for this machine's class and byte order, unless told otherwise. What is in it lies at the address that is
/// its place in the file.
#[derive(Debug, Clone)]
pub struct SharedObject {
    /// `e_type`: 3 is a shared object.
    pub file_type: u16,
    /// `e_machine`.
    pub machine: u16,
    /// `EI_CLASS`: 2 for 64 bits. Only the byte: the layout stays.
    pub class: u8,
    /// The flags of the one segment that is loaded: 4 read, 2 write, 1 execute.
    pub flags: u32,
    /// The flags of the stack; `None` leaves the header out.
    pub stack: Option<u32>,
    /// The loader that a program asks for.
    pub interpreter: Option<&'static str>,
    /// More entries of the dynamic section: tag and value.
    pub dynamic: Vec<(u64, u64)>,
    /// Where it looks for libraries.
    pub runpath: Option<String>,
    /// Notes, each with its number and text.
    pub notes: Vec<(u32, String)>,
    /// The symbol that it exports.
    pub symbol: Option<&'static str>,
    /// Whether the symbol is found by the hash table of old, not by the GNU one.
    pub old_hash: bool,
}

/// The note about a module as this version writes it for this program, with these packages exported.
#[must_use]
pub fn module_note(target: &str, exports: &str) -> String {
    format!(
        r#"{{"format":1,"abi":[1,0],"framework":"0.1.0","rustc":"rustc 1.95.0","target":"{target}","panic":"unwind","package":"fixture","version":"0.1.0","symbol":"lk_plugin_module_v1","exports":[{exports}],"cpu_features":[]}}"#
    )
}

/// The note about a plugin of the package `fixture`.
#[must_use]
pub fn plugin_note(kind: &str, name: &str) -> String {
    format!(
        r#"{{"format":1,"kind":"{kind}","name":"{name}","version":"0.1.0","package":"fixture","description":"A fixture","license":"MIT","file":"src/lib.rs","line":7,"models":[],"fields":[]}}"#
    )
}

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;

impl SharedObject {
    /// A good one: it exports the plugins of these names, all of the kind `vad`.
    #[must_use]
    pub fn new(target: &str, names: &[&str]) -> Self {
        let module = (2, module_note(target, r#""fixture""#));
        let plugins = names.iter().map(|name| (1, plugin_note("vad", name)));
        Self {
            file_type: 3,
            machine: if cfg!(target_arch = "aarch64") { 183 } else { 62 },
            class: 2,
            flags: 4,
            stack: Some(6),
            interpreter: None,
            dynamic: Vec::new(),
            runpath: None,
            notes: [module].into_iter().chain(plugins).collect(),
            symbol: Some("lk_plugin_module_v1"),
            old_hash: false,
        }
    }

    /// The same with other notes in place of the module's.
    #[must_use]
    pub fn with_module(mut self, notes: &[String]) -> Self {
        self.notes.retain(|(number, _)| *number != 2);
        self.notes.extend(notes.iter().map(|note| (2, note.clone())));
        self
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let headers = 3 + usize::from(self.stack.is_some()) + usize::from(self.interpreter.is_some());
        let mut body = Body { bytes: Vec::new(), start: HEADER + headers * PROGRAM_HEADER };

        let notes_at = body.place();
        for (number, text) in &self.notes {
            body.numbers(&[10, text.len() as u32, *number]);
            body.padded(b"lk-plugin\0", 4);
            body.padded(text.as_bytes(), 4);
        }
        let notes = (notes_at, body.place() - notes_at);
        let interpreter = self.interpreter.map(|path| {
            let at = body.place();
            body.padded(&[path.as_bytes(), b"\0"].concat(), 8);
            (at, path.len() as u64 + 1)
        });

        let strings_at = body.place();
        let symbol = self.symbol.unwrap_or("something_else");
        let strings = format!("\0{symbol}\0{}\0", self.runpath.as_deref().unwrap_or_default());
        body.padded(strings.as_bytes(), 8);
        let symbols_at = body.place();
        body.padded(&[0; 24], 8);
        // Its name, that it is global and an object, and that it is defined.
        body.numbers(&[1, 0x0001_0011, 0, 0, 8, 0]);
        let hash_at = body.place();
        if self.old_hash {
            // One bucket, two symbols; the bucket; the chain.
            body.numbers(&[1, 2, 1, 0, 0, 0]);
        } else {
            // One bucket, the first symbol in it, one word of a filter that lets all pass.
            body.numbers(&[1, 1, 1, 0, u32::MAX, u32::MAX, 1, gnu_hash(symbol.as_bytes()) | 1]);
        }

        let mut dynamic = vec![(5, strings_at), (6, symbols_at)];
        dynamic.push((if self.old_hash { 4 } else { 0x6fff_fef5 }, hash_at));
        if self.runpath.is_some() {
            dynamic.push((29, symbol.len() as u64 + 2));
        }
        dynamic.extend(&self.dynamic);
        dynamic.push((0, 0));
        let dynamic_at = body.place();
        dynamic.iter().for_each(|(tag, value)| body.words(&[*tag, *value]));
        let dynamic = (dynamic_at, body.place() - dynamic_at);

        let end = body.place();
        let mut file = Body { bytes: Vec::new(), start: 0 };
        file.padded(&[0x7f, b'E', b'L', b'F', self.class, 1, 1], 16);
        file.bytes.extend(self.file_type.to_le_bytes());
        file.bytes.extend(self.machine.to_le_bytes());
        file.numbers(&[1]);
        file.words(&[0, HEADER as u64, 0]);
        file.numbers(&[0]);
        for half in [HEADER as u16, PROGRAM_HEADER as u16, headers as u16, 0, 0, 0] {
            file.bytes.extend(half.to_le_bytes());
        }
        file.segment(1, self.flags, (0, end), 4096);
        file.segment(2, 4, dynamic, 8);
        file.segment(4, 4, notes, 4);
        if let Some(flags) = self.stack {
            file.segment(0x6474_e551, flags, (0, 0), 16);
        }
        if let Some(interpreter) = interpreter {
            file.segment(3, 4, interpreter, 1);
        }
        [file.bytes, body.bytes].concat()
    }
}

struct Body {
    bytes: Vec<u8>,
    start: usize,
}

impl Body {
    fn place(&self) -> u64 {
        (self.start + self.bytes.len()) as u64
    }

    fn padded(&mut self, bytes: &[u8], align: usize) {
        self.bytes.extend(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(align), 0);
    }

    fn numbers(&mut self, numbers: &[u32]) {
        numbers.iter().for_each(|number| self.bytes.extend(number.to_le_bytes()));
    }

    fn words(&mut self, words: &[u64]) {
        words.iter().for_each(|word| self.bytes.extend(word.to_le_bytes()));
    }

    fn segment(&mut self, segment_type: u32, flags: u32, (place, length): (u64, u64), align: u64) {
        self.numbers(&[segment_type, flags]);
        self.words(&[place, place, place, length, length, align]);
    }
}

fn gnu_hash(name: &[u8]) -> u32 {
    name.iter().fold(5381, |hash: u32, byte| hash.wrapping_mul(33).wrapping_add((*byte).into()))
}
