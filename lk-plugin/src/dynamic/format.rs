//! Checks 7 and 8: a shared object for this machine, whole, and without what makes attacks easy.

use object::elf::{
    DF_TEXTREL, DT_FLAGS, DT_RPATH, DT_RUNPATH, DT_STRTAB, DT_TEXTREL, EM_386, EM_AARCH64, EM_ARM, EM_LOONGARCH,
    EM_RISCV, EM_X86_64, ET_CORE, ET_DYN, ET_REL, Machine, PT_GNU_STACK, PT_LOAD,
};
use object::endian::Endianness;

use super::check::Check;
use super::elf::{Elf, damaged};
use super::report::Fault;

/// Check 7: the file is a shared object that this process could map.
pub(super) fn check_format(elf: &Elf<'_>) -> Result<(), Fault> {
    let host = host();
    let is_little = elf.endian == Endianness::Little;
    if elf.machine != host
        || elf.is_64_bit != cfg!(target_pointer_width = "64")
        || is_little != cfg!(target_endian = "little")
    {
        let reason = format!("is for {}, and this program for {}", name(elf), env!("LK_PLUGIN_TARGET"));
        return Err(Fault::new(
            Check::Format,
            reason,
            format!("build it with `--target {}`", env!("LK_PLUGIN_TARGET")),
        ));
    }
    let kind = match elf.file_type {
        _ if elf.is_program() => Some("a program"),
        ET_DYN => None,
        ET_REL => Some("an object file"),
        ET_CORE => Some("a core dump"),
        _ => Some("an ELF file of an unknown type"),
    };
    if let Some(kind) = kind {
        return Err(Fault::new(
            Check::Format,
            format!("is {kind}, not a shared object"),
            "build its crate with `crate-type = [\"cdylib\"]`",
        ));
    }
    if let Some(segment) = elf.segments.iter().find(|segment| !elf.holds(segment)) {
        let end = u128::from(segment.offset) + u128::from(segment.length);
        return Err(damaged(format!("ends before byte {end}, to which its segments reach")));
    }
    if elf.of_type(PT_LOAD).any(|segment| segment.length > segment.length_in_memory) {
        return Err(damaged("has a segment that is longer in the file than in memory"));
    }
    if elf.of_type(PT_LOAD).next().is_none() || elf.dynamic().is_none() {
        return Err(damaged("has nothing that could be loaded"));
    }
    Ok(())
}

/// What check 8 notices without minding it.
pub(super) struct Libraries {
    /// Whether it looks for libraries in its own directory, which cannot be found when the file is opened by descriptor.
    pub(super) uses_origin: bool,
}

/// Check 8: what it asks of memory, and where it finds its libraries.
pub(super) fn check_hardening(elf: &Elf<'_>) -> Result<Libraries, Fault> {
    const LINK: &str = "link it without `-z execstack`, and its assembly files with `.section .note.GNU-stack`";
    let weak = |reason: &str, remedy: &str| Err(Fault::new(Check::Hardening, reason, remedy));
    match elf.of_type(PT_GNU_STACK).next() {
        Some(stack) if stack.is_executable() => return weak("wants a stack that can be executed", LINK),
        Some(_) => {}
        // The loader takes that for a wish.
        None => return weak("does not say that its stack is not executed", LINK),
    }
    if elf.segments.iter().any(|segment| segment.is_writable() && segment.is_executable()) {
        return weak("wants memory that can be both written and executed", "link it without `-N` and `--omagic`");
    }
    let dynamic = elf.dynamic().unwrap_or_default();
    let has_text_relocations = dynamic.value(DT_FLAGS).is_some_and(|flags| flags & DF_TEXTREL.0 != 0);
    if has_text_relocations || dynamic.value(DT_TEXTREL).is_some() {
        return weak("has its code changed when it is loaded (text relocations)", "compile all of it with `-fPIC`");
    }
    let mut libraries = Libraries { uses_origin: false };
    for tag in [DT_RPATH, DT_RUNPATH] {
        let Some(at) = dynamic.value(tag) else { continue };
        let path = dynamic.value(DT_STRTAB).and_then(|strings| elf.memory_text(strings.checked_add(at)?, MAX_PATH));
        let Some(path) = path else {
            return weak("has a library path that cannot be read", "build it again");
        };
        for component in path.split(|byte| *byte == b':') {
            let is_origin = [&b"$ORIGIN"[..], b"${ORIGIN}"].iter().any(|origin| component.starts_with(origin));
            libraries.uses_origin |= is_origin;
            if !is_origin && !component.starts_with(b"/") {
                return weak(
                    &format!(
                        "looks for libraries in `{}`, wherever the program was started",
                        String::from_utf8_lossy(component)
                    ),
                    "link it with absolute library paths (`-rpath`), or none",
                );
            }
        }
    }
    Ok(libraries)
}

/// The longest library path that is read, in bytes.
const MAX_PATH: u64 = 1 << 14;

/// The machine that this program is for.
fn host() -> Machine {
    if cfg!(target_arch = "x86_64") {
        EM_X86_64
    } else if cfg!(target_arch = "aarch64") {
        EM_AARCH64
    } else if cfg!(target_arch = "arm") {
        EM_ARM
    } else if cfg!(target_arch = "x86") {
        EM_386
    } else if cfg!(any(target_arch = "riscv64", target_arch = "riscv32")) {
        EM_RISCV
    } else if cfg!(target_arch = "loongarch64") {
        EM_LOONGARCH
    } else {
        Machine(0)
    }
}

fn name(elf: &Elf<'_>) -> String {
    let machine = match elf.machine {
        EM_X86_64 => "x86-64".to_owned(),
        EM_AARCH64 => "AArch64".to_owned(),
        EM_ARM => "Arm".to_owned(),
        EM_386 => "x86".to_owned(),
        EM_RISCV => "RISC-V".to_owned(),
        EM_LOONGARCH => "LoongArch".to_owned(),
        Machine(number) => format!("machine number {number}"),
    };
    let bits = if elf.is_64_bit { 64 } else { 32 };
    let order = if elf.endian == Endianness::Little { "little" } else { "big" };
    format!("{machine} ({bits} bits, {order} endian)")
}
