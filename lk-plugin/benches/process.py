#!/usr/bin/env python3
"""What a program with many plugins costs from its start to its end, beside a static array, inventory and typetag.

Each program has the same plugins, gathers them, finds out whether a name comes twice (typetag does so too), looks one up,
makes an instance, and ends. An entry of the array and of inventory says as much of a plugin as one of ours. The programs
take turns; a ratio is the median of the turns' ratios, ours to the other, with what an empty program takes and without.

Usage: python3 process.py [--plugins N] [--without PROGRAM]… [--turns N] [--folder FOLDER]
Requires: cargo, and the crates in Cargo's cache or reach. With 10,000 plugins the builds take minutes, typetag's an hour.
"""

import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

CORE = pathlib.Path(__file__).resolve().parent.parent

TRAIT = """
pub trait Llm: Send + Sync { fn chat(&self) -> u8; }
pub struct Parrot;
impl Llm for Parrot { fn chat(&self) -> u8 { 0 } }
pub struct Entry {
    pub name: &'static str, pub version: &'static str, pub package: &'static str, pub description: &'static str,
    pub license: Option<&'static str>, pub file: &'static str, pub line: u32, pub models: &'static [&'static str],
    pub fields: Option<&'static [&'static str]>, pub make: fn() -> Box<dyn Llm>,
}
"""
ENTRY = (
    'Entry {{ name: "parrot-{n}", version: env!("CARGO_PKG_VERSION"), package: env!("CARGO_PKG_NAME"), '
    'description: "Says {n}", license: option_env!("CARGO_PKG_LICENSE"), file: file!(), line: line!(), models: &[], '
    "fields: Some(&[]), make: new_{n} }}"
)
NEW = "fn new_{n}() -> Box<dyn Llm> {{ Box::new(Parrot) }}\n"
FIND = """
    let mut plugins = std::collections::HashMap::with_capacity(entries.len());
    for entry in entries { assert!(plugins.insert(entry.name, entry).is_none(), "{}", entry.name); }
    let made = (plugins["parrot-1"].make)();
    std::process::exit(made.chat().into());
"""

# Name, dependencies, what stands once, what stands for each plugin, main.
PROGRAMS = {
    "empty": ("", "", "", "fn main() {}"),
    "lk-plugin": (
        f'lk-plugin = {{ path = "{CORE}" }}',
        """
pub struct Parrot;
impl lk_plugin::Llm for Parrot {
    fn chat(&self, _: &lk_plugin::ChatContext, _: &lk_plugin::ChatOptions) -> lk_plugin::Result<lk_plugin::LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}
""",
        '/// Says {n}\n#[lk_plugin::lk_plugin(kind = "llm", name = "parrot-{n}")]\nfn new_{n}() -> Parrot {{ Parrot }}\n',
        """
fn main() {
    let config = lk_plugin::Config::new();
    let made = lk_plugin::Registry::global().create::<dyn lk_plugin::Llm>("parrot-1", &config);
    std::process::exit(made.is_err().into());
}
""",
    ),
    "static array": (
        "",
        TRAIT,
        NEW,
        "static ENTRIES: &[Entry] = &[{entries}];\nfn main() {{ let entries = ENTRIES;" + FIND.replace("{", "{{").replace("}", "}}") + "}}",
    ),
    "inventory": (
        'inventory = "0.3"',
        TRAIT + "inventory::collect!(Entry);\n",
        NEW + "inventory::submit!(" + ENTRY + ");\n",
        "fn main() { let entries: Vec<&Entry> = inventory::iter::<Entry>.into_iter().collect();" + FIND + "}",
    ),
    "typetag": (
        'typetag = "0.2"\nserde = { version = "1", features = ["derive"] }\nserde_json = "1"',
        '#[typetag::serde(tag = "type")]\npub trait Llm: Send + Sync { fn chat(&self) -> u8; }\n',
        '#[derive(serde::Serialize, serde::Deserialize)]\nstruct Parrot{n} {{}}\n#[typetag::serde(name = "parrot-{n}")]\n'
        "impl Llm for Parrot{n} {{ fn chat(&self) -> u8 {{ 0 }} }}\n",
        """
fn main() {
    let made: Result<Box<dyn Llm>, _> = serde_json::from_str(r#"{"type": "parrot-1"}"#);
    std::process::exit(made.map_or(1, |made| made.chat().into()));
}
""",
    ),
}


def build(folder, name, count):
    dependencies, once, each, main = PROGRAMS[name]
    crate = folder / name.replace(" ", "-")
    (crate / "src").mkdir(parents=True, exist_ok=True)
    (crate / "Cargo.toml").write_text(
        f'[package]\nname = "program"\nversion = "0.1.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n{dependencies}\n'
    )
    if "{entries}" in main:
        main = main.format(entries=",\n".join(ENTRY.format(n=n) for n in range(count)))
    (crate / "src/main.rs").write_text(once + "".join(each.format(n=n) for n in range(count)) + main)
    lock = CORE.parent / "Cargo.lock"
    if lock.exists():
        shutil.copy(lock, crate / "Cargo.lock")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = dict(os.environ, CARGO_TARGET_DIR=str(crate / "target"), CARGO_INCREMENTAL="0")
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=crate, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    program = crate / "target/release/program"
    seconds = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    print(f"built {name}: {seconds:.0f} CPU seconds, {program.stat().st_size / 1e6:.1f} MB", flush=True)
    return program


def milliseconds(program):
    start = time.perf_counter()
    child = os.posix_spawn(program, [str(program)], {})
    _, status = os.waitpid(child, 0)
    took = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{program} ended with {status}")
    return 1000 * took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plugins", type=int, default=10_000)
    parser.add_argument("--without", action="append", default=[], choices=["static array", "inventory", "typetag"])
    parser.add_argument("--turns", type=int, default=301)
    parser.add_argument("--folder", type=pathlib.Path, help="where the programs are built and stay; else they are removed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or pathlib.Path(temporary)
        programs = {name: build(folder, name, arguments.plugins) for name in PROGRAMS if name not in arguments.without}
        times = {name: [] for name in programs}
        for _ in range(arguments.turns):
            for name, program in programs.items():
                times[name].append(milliseconds(program))
    print(f"\n{arguments.plugins} plugins\n\n| program | ms | ours / it | without an empty program |\n|---|---:|---:|---:|")
    for name, its in times.items():
        median = statistics.median
        whole = median(ours / it for ours, it in zip(times["lk-plugin"], its))
        row = f"| {name} | {median(its):.2f} | {whole:.2f} |"
        if name != "empty":
            own = lambda name: median(its - empty for its, empty in zip(times[name], times["empty"]))
            row += f" {own('lk-plugin') / own(name):.2f}"
        print(f"{row} |")


if __name__ == "__main__":
    main()
