//! Check 12: the symbol that leads to the plugins is among those that the file exports.

use object::elf::{DT_GNU_HASH, DT_HASH, DT_STRTAB, DT_SYMTAB};

use super::check::Check;
use super::contents::ModuleNote;
use super::elf::Elf;
use super::report::Fault;
use crate::hint::shown;

/// How the symbol of this boundary begins. The rest is the package's name, so that several crates that export plugins can
/// be linked into one program as libraries.
pub(super) const SYMBOL: &str = "lk_plugin_module_v1";

/// The most symbols that are compared.
const MAX_SYMBOLS: u64 = 1 << 12;

pub(super) fn check(elf: &Elf<'_>, module: &ModuleNote) -> Result<(), Fault> {
    let fault =
        |reason: String| Err(Fault::new(Check::Symbol, reason, "build it again; leave its exported symbols in"));
    let symbol = module.symbol.as_str();
    if !symbol.strip_prefix(SYMBOL).is_some_and(|package| package.is_empty() || package.starts_with('_')) {
        return fault(format!(
            "names the symbol `{}`, and this program needs one that begins with `{SYMBOL}`",
            shown(symbol)
        ));
    }
    if exports(elf, symbol.as_bytes()).unwrap_or(false) {
        return Ok(());
    }
    fault(format!("does not export the symbol `{}`", shown(symbol)))
}

/// Whether the symbol is defined; `None` when the tables are broken.
fn exports(elf: &Elf<'_>, name: &[u8]) -> Option<bool> {
    let dynamic = elf.dynamic()?;
    let tables = Tables { elf, symbols: dynamic.value(DT_SYMTAB)?, strings: dynamic.value(DT_STRTAB)? };
    match (dynamic.value(DT_GNU_HASH), dynamic.value(DT_HASH)) {
        (Some(table), _) => tables.find_gnu(table, name),
        (None, Some(table)) => tables.find_old(table, name),
        (None, None) => None,
    }
}

struct Tables<'e, 'f> {
    elf: &'e Elf<'f>,
    symbols: u64,
    strings: u64,
}

impl Tables<'_, '_> {
    fn number(&self, table: u64, index: u64) -> Option<u32> {
        let bytes = self.elf.memory(table.checked_add(index.checked_mul(4)?)?, 4)?;
        self.elf.numbers(&bytes).next()
    }

    /// By the table that current linkers write: a filter, which we pass, buckets, and runs of hashes.
    fn find_gnu(&self, table: u64, name: &[u8]) -> Option<bool> {
        let hash = object::elf::gnu_hash(name);
        let (buckets, first, words) = (self.number(table, 0)?, self.number(table, 1)?, self.number(table, 2)?);
        let filter = u64::from(words) * self.elf.word_length();
        let table = table.checked_add(16)?.checked_add(filter)?;
        let start = self.number(table, u64::from(hash.checked_rem(buckets)?))?;
        // An empty bucket.
        if start < first {
            return Some(false);
        }
        for index in (u64::from(start)..).take(MAX_SYMBOLS as usize) {
            let other = self.number(table, u64::from(buckets) + (index - u64::from(first)))?;
            if other | 1 == hash | 1 && self.is(index, name)? {
                return Some(true);
            }
            // The lowest bit marks the last of a run.
            if other & 1 == 1 {
                break;
            }
        }
        Some(false)
    }

    /// By the table of old: buckets and chains of symbols.
    fn find_old(&self, table: u64, name: &[u8]) -> Option<bool> {
        let buckets = self.number(table, 0)?;
        let hash = object::elf::hash(name);
        let mut index = u64::from(self.number(table, 2 + u64::from(hash.checked_rem(buckets)?))?);
        for _ in 0..MAX_SYMBOLS {
            if index == 0 {
                break;
            }
            if self.is(index, name)? {
                return Some(true);
            }
            index = u64::from(self.number(table, 2 + u64::from(buckets) + index)?);
        }
        Some(false)
    }

    /// Whether the symbol has that name and is defined here.
    fn is(&self, index: u64, name: &[u8]) -> Option<bool> {
        // Name and section stand at different places in the two classes.
        let (length, section) = if self.elf.is_64_bit { (24, 6) } else { (16, 14) };
        let symbol = self.elf.memory(self.symbols.checked_add(index.checked_mul(length)?)?, length)?;
        let at = self.strings.checked_add(self.elf.numbers(&symbol).next()?.into())?;
        let text = self.elf.memory(at, name.len() as u64 + 1)?;
        let is_defined = symbol.get(section..section + 2)? != [0, 0];
        Some(is_defined && text.strip_suffix(&[0]) == Some(name))
    }
}
