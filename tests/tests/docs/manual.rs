//! `docs/writing-a-plugin.md` does what it says: its files are written, its commands run, its output compared.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// A fenced block with the comment before it: `file: …`, `run in: …` or `prints`.
struct Block<'d> {
    role: &'d str,
    text: String,
}

fn blocks(document: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let Some(role) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) else { continue };
        assert!(lines.next().unwrap().starts_with("```"), "`{role}` has no block");
        let text = lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
        blocks.push(Block { role, text });
    }
    blocks
}

#[test]
fn the_manual_leads_to_a_listed_and_tested_plugin() {
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let document = fs::read_to_string(Path::new(repository).join("docs/writing-a-plugin.md")).unwrap();
    let folder = TempDir::new().unwrap();
    let (mut files, mut printed, mut compared) = (0, None, 0);
    for Block { role, text } in blocks(&document) {
        if let Some(file) = role.strip_prefix("file: ") {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            // The clone that the page assumes is this repository; and these are no members of its workspace.
            let mut text = text.replace("../lk-plugin/", &format!("{repository}/"));
            if file.ends_with("Cargo.toml") {
                text.push_str("\n[workspace]\n");
                // The versions that are at hand already.
                fs::copy(format!("{repository}/Cargo.lock"), path.with_file_name("Cargo.lock")).unwrap();
            }
            fs::write(path, text).unwrap();
            files += 1;
        } else if let Some(place) = role.strip_prefix("run in: ") {
            let arguments: Vec<&str> = text.split_whitespace().collect();
            assert_eq!(arguments[0], "cargo");
            let mut cargo = integration_tests::cargo::cargo().unwrap();
            let output = cargo.args(&arguments[1..]).current_dir(folder.path().join(place)).output().unwrap();
            assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
            printed = Some(String::from_utf8(output.stdout).unwrap());
        } else {
            assert_eq!(role, "prints");
            assert_eq!(printed.take().unwrap(), text);
            compared += 1;
        }
    }
    assert_eq!((files, compared), (5, 1));
}
