//! No mutation of a file breaks the reader.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::process::Command;

use fastrand::Rng;
use integration_tests::shared_object::{SharedObject, plugin_note};
use lk_plugin::dynamic::{SearchPath, inspect};
use lk_plugin::{Kind, Registry};

use crate::{folder, target, write};

/// The most memory that this process ever had, in bytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Says that this process is the one that reads mutants.
const ALONE: &str = "LK_TEST_MUTANTS";

#[test]
fn no_mutation_of_a_file_breaks_the_reader() {
    if std::env::var_os(ALONE).is_some() {
        return read_mutants();
    }
    // Alone in its process, for other tests take memory too.
    let this = std::env::current_exe().unwrap();
    let name = "mutants::no_mutation_of_a_file_breaks_the_reader";
    let output = Command::new(this).args(["--exact", name]).env(ALONE, "1").output().unwrap();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
}

fn read_mutants() {
    let folder = folder();
    let mut object = SharedObject::new(target(), &["one", "two"]);
    object.runpath = Some("/opt/lib".to_owned());
    let fields = r#"[{"type":{"list":{"optional":{"choice":[{"name":"a","doc":"b"}]}}},"name":"x","default":"[]"},{"type":{"config":[{"type":{"integer":{"min":-5,"max":5}},"name":"y","required":true}]},"name":"z"}]"#;
    object.notes.push((1, plugin_note("stt", "three").replace("\"fields\":[]", &format!("\"fields\":{fields}"))));
    let bytes = object.bytes();
    let path = write(&folder, "mutant.so", &bytes);
    let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let length = bytes.len() as u64;
    let registry = Registry::empty();
    let search = SearchPath::new(folder.path());
    assert_eq!(search.list(&registry).files.len(), 1);

    let mut random = Rng::with_seed(7);
    let (mut taken, mut refused) = (0_u32, BTreeMap::<u8, u32>::new());
    let before = peak_memory();
    for _ in 0..100_000 {
        for _ in 0..random.usize(1..=4) {
            // Half of the time where the headers are.
            let end = if random.bool() { 64 + 4 * 56 } else { bytes.len() };
            let at = random.usize(0..end);
            let width = [1, 1, 1, 2, 4, 8][random.usize(0..6)].min(bytes.len() - at);
            let number = match random.u8(0..5) {
                0 => 0,
                1 => u64::MAX,
                2 => random.u64(0..length * 2),
                3 => 1 << random.u8(0..64),
                _ => random.u64(..),
            };
            file.write_all_at(&number.to_le_bytes()[..width], at as u64).unwrap();
        }
        if random.u8(0..20) == 0 {
            file.set_len(random.u64(0..length * 2)).unwrap();
        }
        let report = search.list(&registry);
        taken += report.files.len() as u32;
        report.refused.iter().for_each(|refusal| *refused.entry(refusal.check.number()).or_default() += 1);
        // Also as any file, which fewer checks protect.
        if let Ok(contents) = inspect(&path) {
            contents.plugins.iter().for_each(|plugin| drop(plugin.schema()));
        }
        file.write_all_at(&bytes, 0).unwrap();
        file.set_len(length).unwrap();
    }
    assert_eq!(taken + refused.values().sum::<u32>(), 100_000, "{refused:?}");
    // Mutants of every kind came about.
    assert!(taken > 1000 && (7..=12).all(|check| refused.contains_key(&check)), "{taken} {refused:?}");
    let grown = peak_memory() - before;
    assert!(grown < 64 << 20, "reading mutants took {grown} bytes");
    assert_eq!(search.list(&registry).files[0].plugins()[0].kind.parse::<Kind>().unwrap(), Kind::Stt);
}
