//! Checks 7 to 12, one fault each.

use integration_tests::shared_object::{SharedObject, module_note, plugin_note};
use lk_plugin::dynamic::{Candidate, Check, Refusal, SearchPath};
use lk_plugin::{Plugin, Registry, Vad};

use crate::contents::Deaf;
use crate::{assert_refused, assert_report, folder, good, list, target, with, write};

#[test]
fn a_good_file_is_a_candidate() {
    let folder = folder();
    for (name, old_hash) in [("one", false), ("two", true)] {
        let mut object = good(name);
        object.old_hash = old_hash;
        object.runpath = Some("/opt/lib:$ORIGIN/lib".to_owned());
        object.notes.push((1, plugin_note("stt", name).replace("\"fixture\"", "\"inside\"")));
        object.notes.push((77, "of a later version".to_owned()));
        write(&folder, format!("{name}.so"), object.bytes());
    }
    write(&folder, ".hidden.so", "not looked at");
    write(&folder, "libone.so.1", "not looked at");
    let report = list(&folder);
    assert_eq!(report.refused, []);
    let names: Vec<String> = report.files.iter().flat_map(Candidate::plugins).map(ToString::to_string).collect();
    assert_eq!(names, ["vad/one", "vad/two"]);
    let first = &report.files[0];
    assert_eq!((first.path(), first.is_locked(), first.uses_origin()), (&*folder.path().join("one.so"), false, true));
    assert_eq!((&*first.module().package, first.module().abi), ("fixture", [1, 0]));
}

#[test]
fn check_7_refuses_what_cannot_be_mapped() {
    let refused = |bytes: Vec<u8>, words| assert_refused(bytes, Check::Format, words);
    refused(b"#!/bin/sh\n".to_vec(), "is not an ELF file");
    refused(Vec::new(), "is empty");
    refused(with(|object| object.machine = if object.machine == 62 { 183 } else { 62 }), "is for ");
    refused(with(|object| object.machine = 40), "is for Arm");
    refused(with(|object| object.machine = 999), "is for machine number 999");
    refused(with(|object| object.file_type = 2), "is a program");
    refused(with(|object| object.file_type = 1), "is an object file");
    refused(with(|object| object.file_type = 4), "is a core dump");
    refused(with(|object| object.file_type = 9), "of an unknown type");
    refused(with(|object| object.interpreter = Some("/lib64/ld-linux-x86-64.so.2")), "is a program");
    // DF_1_PIE, of a static program.
    refused(with(|object| object.dynamic.push((0x6fff_fffb, 0x0800_0000))), "is a program");
    let mut big_endian = good("one").bytes();
    big_endian[5] = 2;
    refused(big_endian, "");
    let mut endless = good("one").bytes();
    endless[56..58].copy_from_slice(&u16::MAX.to_le_bytes());
    refused(endless, "has 65535 program headers");
    let mut odd = good("one").bytes();
    odd[54..56].copy_from_slice(&57_u16.to_le_bytes());
    refused(odd, "of a wrong size");
    // A program header that reaches past the end of all numbers.
    let mut far = good("one").bytes();
    far[64 + 8..64 + 16].fill(0xff);
    refused(far, "ends before byte");
    let mut longer = good("one").bytes();
    longer[64 + 40..64 + 48].fill(0);
    refused(longer, "longer in the file than in memory");
    let mut nothing = good("one").bytes();
    nothing[64..68].fill(0x60);
    refused(nothing, "nothing that could be loaded");
}

#[test]
fn a_file_of_32_bits_is_refused() {
    // A header of that class that is whole, for x86.
    let mut bytes = vec![0; 84];
    bytes[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 1, 1, 1]);
    bytes[16] = 3;
    bytes[18] = 3;
    bytes[20] = 1;
    assert_refused(&bytes, Check::Format, "is for x86 (32 bits, little endian)");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = good("one").bytes();
    for point in 0..50 {
        assert_refused(&bytes[..bytes.len() * point / 50], Check::Format, "");
    }
    assert_refused(&bytes[..bytes.len() - 1], Check::Format, "ends before byte");
}

#[test]
fn check_8_refuses_what_makes_attacks_easy() {
    let refused = |bytes: Vec<u8>, words| assert_refused(bytes, Check::Hardening, words);
    refused(with(|object| object.stack = Some(7)), "wants a stack that can be executed");
    refused(with(|object| object.stack = None), "does not say that its stack is not executed");
    refused(with(|object| object.flags = 7), "both written and executed");
    refused(with(|object| object.dynamic.push((22, 0))), "text relocations");
    refused(with(|object| object.dynamic.push((30, 4))), "text relocations");
    for path in ["lib", "./lib", "/opt/lib:", ":/opt", "/a:lib:/b", "$LIB/x", ""] {
        refused(with(|object| object.runpath = Some(path.to_owned())), "looks for libraries in `");
    }
    // A library path that lies nowhere.
    refused(with(|object| object.dynamic.push((15, 1 << 40))), "cannot be read");
}

#[test]
fn check_9_refuses_notes_that_cannot_be_read() {
    let refused = |bytes: Vec<u8>, words| assert_refused(bytes, Check::Notes, words);
    refused(with(|object| object.notes.clear()), "holds no plugins");
    refused(with(|object| drop(object.notes.remove(0))), "does not export the plugin in it");
    refused(SharedObject::new(target(), &["a", "b"]).with_module(&[]).bytes(), "exports none of the 2 plugins in it");
    refused(with(|object| object.notes.push(object.notes[0].clone())), "two notes about the file itself");
    let module =
        |change: fn(String) -> String| good("one").with_module(&[change(module_note(target(), "\"fixture\""))]).bytes();
    refused(module(|note| note + &" ".repeat(2 << 20)), "has a note of ");
    refused(module(|note| note.replace("\"format\":1", "\"format\":2")), "by a later version of lk-plugin");
    refused(module(|note| note.replace("\"abi\":[1,0],", "")), "missing field `abi`");
    refused(module(|note| note.replace("[1,0]", "[1,-1]")), "a note that cannot be read");
    refused(module(|_| "{\"format\":1,".to_owned()), "a note that cannot be read");
    refused(module(|_| "[".repeat(1 << 19)), "a note that cannot be read");
    refused(module(|_| String::new()), "a note that cannot be read");
    let nested = "{\"list\":".repeat(100_000) + "\"path\"" + &"}".repeat(100_000);
    let deep = plugin_note("vad", "deep").replace("[]}", &format!("[{{\"name\":\"a\",\"type\":{nested}}}]}}"));
    refused(with(|object| object.notes.push((1, deep))), "a note that cannot be read");
    refused(
        with(|object| object.notes.extend((0..1024).map(|n| (1, plugin_note("vad", &format!("n{n}")))))),
        "1024 plugins",
    );
    // Notes of somebody else are none of ours.
    let mut foreign = good("one").bytes();
    let at = foreign.windows(9).position(|window| window == b"lk-plugin").unwrap();
    foreign[at] = b'L';
    refused(foreign, "does not export the plugin in it");
    // A note that is longer than its segment.
    let mut long = good("one").bytes();
    long[at - 8..at - 4].fill(0xff);
    refused(long, "has notes that are no notes");
}

#[test]
fn check_10_refuses_what_was_built_for_something_else() {
    let refused = |from: &str, to: &str, words| {
        let note = module_note(target(), "\"fixture\"").replace(from, to);
        assert_refused(good("one").with_module(&[note]).bytes(), Check::Compatibility, words);
    };
    refused("[1,0]", "[0,9]", "an older boundary, 0.9 (lk-plugin 0.1.0)");
    refused("[1,0]", "[2,0]", "a later boundary, 2.0");
    refused("[1,0]", "[1,99]", "a later boundary, 1.99");
    refused(target(), "wasm32-wasip2", "was built for `wasm32-wasip2`");
    refused("unwind", "abort", "`panic = \"abort\"`");
    refused("\"cpu_features\":[]", "\"cpu_features\":[\"telepathy\",\"seven\"]", "`telepathy`, `seven`");
    let has = if cfg!(target_arch = "x86_64") { "sse2" } else { "neon" };
    let note = module_note(target(), "\"fixture\"").replace("_features\":[]", &format!("_features\":[\"{has}\"]"));
    let folder = folder();
    write(&folder, "one.so", good("one").with_module(&[note]).bytes());
    assert_eq!((list(&folder).files.len(), list(&folder).refused), (1, Vec::new()));
}

#[test]
fn check_11_refuses_unknown_kinds_and_taken_names() {
    let refused = |bytes: Vec<u8>, words| assert_refused(bytes, Check::Names, words);
    let and = |note: String| with(|object| object.notes.push((1, note)));
    refused(and(plugin_note("sst", "two")), "a plugin `two` of the unknown kind `sst`");
    refused(and(plugin_note("vad", "Two")), "called `Two`, which is not a plugin name");
    refused(and(plugin_note("vad", "one")), "has the plugin `vad/one` twice: fixture 0.1.0 at src/lib.rs:7");
    let of_others = good("one").with_module(&[module_note(target(), "\"other\"")]);
    refused(of_others.bytes(), "exports no plugin: 1 are in it, and none is of `other`");

    // The first that has a name keeps it; a whole file is refused for one name.
    let folder = folder();
    write(&folder, "1.so", good("good").bytes());
    let second = write(&folder, "2.so", SharedObject::new(target(), &["good", "other"]).bytes());
    let first = folder.path().join("1.so");
    let report = list(&folder);
    assert_report(&report, &second, Check::Names, "has the plugin `vad/good`");
    assert!(report.refused[0].reason.contains(&format!("so has `{}`", first.display())), "{}", report.refused[0]);

    let registry = Registry::empty();
    registry.register(Plugin::new::<dyn Vad>("good", |_| Ok(Box::new(Deaf))).with_package("mine").with_version("3"));
    let report = SearchPath::new(folder.path()).list(&registry);
    assert_eq!((report.files.len(), report.refused.len()), (0, 2));
    assert!(report.refused[0].reason.contains("this program itself (mine 3 at tests/"), "{}", report.refused[0]);
}

#[test]
fn check_12_refuses_a_header_that_names_what_is_not_there() {
    let refused = |bytes: Vec<u8>, words| assert_refused(bytes, Check::Symbol, words);
    refused(with(|object| object.symbol = None), "does not export the symbol `lk_plugin_module_v1`");
    refused(with(|object| (object.symbol, object.old_hash) = (None, true)), "does not export the symbol");
    let lies = module_note(target(), "\"fixture\"").replace("module_v1", "module_v9");
    refused(good("one").with_module(&[lies]).bytes(), "names the symbol `lk_plugin_module_v9`");
    // It is asked for, but comes from elsewhere.
    let mut undefined = good("one").bytes();
    let at = undefined.windows(8).position(|window| window == [1, 0, 0, 0, 0x11, 0, 1, 0]).unwrap();
    undefined[at + 6] = 0;
    refused(undefined, "does not export the symbol");
}

#[test]
fn what_a_file_says_of_itself_cannot_steer_a_terminal() {
    let evil = "\u{1b}[31m\u{9b}\u{202e}\u{2028}\r\n\u{7}";
    let in_json = serde_json::to_string(evil).unwrap();
    let in_json = in_json.trim_matches('"');
    let module = |from: &str, to: &str| {
        let note = module_note(target(), "\"fixture\"");
        assert!(note.contains(from), "{note}");
        good("one").with_module(&[note.replacen(from, &to.replace("EVIL", in_json), 1)]).bytes()
    };
    let plugin = |from: &str, to: &str| {
        let note = plugin_note("vad", "two");
        assert!(note.contains(from), "{note}");
        with(|object| object.notes.push((1, note.replacen(from, &to.replace("EVIL", in_json), 1))))
    };
    let mut texts = Vec::new();
    for bytes in [
        module(target(), "EVIL"),
        module("unwind", "EVIL"),
        module("\"cpu_features\":[]", "\"cpu_features\":[\"EVIL\"]"),
        module("[\"fixture\"]", "[\"EVIL\"]"),
        module("lk_plugin_module_v1", "EVIL"),
        module("lk_plugin_module_v1", "lk_plugin_module_v1_EVIL"),
        module("[1,0]", "\"EVIL\""),
        plugin("\"vad\"", "\"EVIL\""),
        plugin("\"two\"", "\"EVIL\""),
        plugin("\"name\":\"two\",\"version\":\"", "\"name\":\"one\",\"version\":\"EVIL"),
        with(|object| object.runpath = Some(evil.to_owned())),
    ] {
        let folder = folder();
        write(&folder, format!("{evil}.so"), bytes);
        let report = list(&folder);
        assert_eq!((report.files.len(), report.refused.len()), (0, 1), "{report:?}");
        let Refusal { reason, remedy, .. } = &report.refused[0];
        for text in [reason, remedy, &report.refused[0].to_string()] {
            assert!(
                !evil.chars().filter(|letter| !letter.is_ascii_graphic()).any(|letter| text.contains(letter)),
                "{text:?}"
            );
        }
        texts.push(reason.clone());
    }
    assert!(texts.iter().all(|text| text.contains("[31m")), "each repeats what it minds: {texts:#?}");
    let long = module("unwind", &"x".repeat(1 << 16));
    let folder = folder();
    write(&folder, "long.so", long);
    assert!(list(&folder).refused[0].reason.len() < 300);
}
