#!/usr/bin/env python3
"""What a plugin author's build costs, beside linkme, inventory and typetag, all in one run, in CPU time: a clean `cargo
check` of a crate with one plugin and all its dependencies, then `cargo build`, which finds macros and build scripts built;
both again after a change to the body of one constructor among twenty; and `cargo check` for each further annotation. For
ours also with a config of six fields.

With --dependencies: how long each crate that lk-plugin needs takes to compile.

Usage: python3 author_build.py [--annotations N] [--dependencies]
Requires: cargo, and the crates (of our own and the three contenders) in Cargo's cache or reach.
"""

import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile

CORE = pathlib.Path(__file__).resolve().parent.parent

OURS = """
pub struct Parrot;
impl lk_plugin::Llm for Parrot {
    fn chat(&self, _: &lk_plugin::ChatContext, _: &lk_plugin::ChatOptions) -> lk_plugin::Result<lk_plugin::LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}
"""
TRAIT = "pub trait Llm: Send + Sync { fn chat(&self) -> u8; }\npub struct Parrot;\nimpl Llm for Parrot { fn chat(&self) -> u8 { 0 } }\n"

# Name, dependencies, what stands once, what stands per annotation.
CONTENDERS = [
    (
        "lk-plugin",
        f'lk-plugin = {{ path = "{CORE}" }}',
        OURS,
        '#[lk_plugin::lk_plugin(kind = "llm", name = "parrot-{n}")]\npub fn new_{n}() -> Parrot {{ Parrot }}\n',
    ),
    (
        "lk-plugin, 6 keys",
        f'lk-plugin = {{ path = "{CORE}" }}',
        OURS,
        """
/// What parrot {n} takes.
#[derive(lk_plugin::PluginConfig)]
pub struct Config{n} {{
    /// Which model.
    #[config(default = "parrot-large")]
    pub model: String,
    /// Where it is.
    #[config(default = "https://example.com/v1")]
    pub base_url: String,
    /// In which language.
    pub language: Option<String>,
    /// How freely it speaks.
    #[config(default = 0.7, range = 0.0..=2.0)]
    pub temperature: f64,
    /// How often it tries.
    #[config(default = 3, range = 0..=10)]
    pub retries: u32,
    /// How long it tries.
    #[config(default = 30.0, range = 0.1..=600.0)]
    pub timeout: std::time::Duration,
}}
#[lk_plugin::lk_plugin(kind = "llm", name = "parrot-{n}")]
pub fn new_{n}(_: Config{n}) -> Parrot {{ Parrot }}
""",
    ),
    (
        "linkme",
        'linkme = "0.3"',
        TRAIT + "pub type Make = fn() -> Box<dyn Llm>;\n#[linkme::distributed_slice]\npub static PLUGINS: [(&'static str, Make)];\n",
        '#[linkme::distributed_slice(PLUGINS)]\nstatic ENTRY_{n}: (&str, Make) = ("parrot-{n}", new_{n});\n'
        "pub fn new_{n}() -> Box<dyn Llm> {{ Box::new(Parrot) }}\n",
    ),
    (
        "inventory",
        'inventory = "0.3"',
        TRAIT + "pub struct Entry(pub &'static str, pub fn() -> Box<dyn Llm>);\ninventory::collect!(Entry);\n",
        'inventory::submit!(Entry("parrot-{n}", new_{n}));\npub fn new_{n}() -> Box<dyn Llm> {{ Box::new(Parrot) }}\n',
    ),
    (
        "typetag",
        'typetag = "0.2"\nserde = { version = "1", features = ["derive"] }',
        "#[typetag::serde]\npub trait Llm: Send + Sync { fn chat(&self) -> u8; }\n",
        '#[derive(serde::Serialize, serde::Deserialize)]\npub struct Parrot{n};\n#[typetag::serde(name = "parrot-{n}")]\n'
        "impl Llm for Parrot{n} {{ fn chat(&self) -> u8 {{ 0 }} }}\n",
    ),
]


def write(folder, name, dependencies, once, each, count):
    crate = folder / re.sub("[^a-z0-9]+", "-", name)
    (crate / "src").mkdir(parents=True, exist_ok=True)
    manifest = f'[package]\nname = "author"\nversion = "0.1.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n{dependencies}\n'
    (crate / "Cargo.toml").write_text(manifest)
    (crate / "src/lib.rs").write_text(once + "".join(each.format(n=n) for n in range(count)))
    lock = CORE.parent / "Cargo.lock"
    if lock.exists():
        shutil.copy(lock, crate / "Cargo.lock")
    return crate


def cargo(crate, *arguments, incremental="0"):
    """CPU seconds of a command of Cargo and all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = dict(os.environ, CARGO_TARGET_DIR=str(crate / "target"), CARGO_INCREMENTAL=incremental)
    subprocess.run(["cargo", *arguments, "--quiet"], cwd=crate, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def median(measure, times=3):
    return sorted(measure() for _ in range(times))[times // 2]


def changed(crate, command):
    """CPU seconds of a command after the body of one constructor changed."""
    source = crate / "src/lib.rs"

    def once():
        text = source.read_text()
        # typetag has no constructors: there it is the first method.
        start = next(start for start in ("fn new_0(", "fn chat(&self) -> u8 {") if start in text)
        at = text.index("{", text.index(start)) + 1
        source.write_text(f"{text[:at]} let _ = {len(text)};{text[at:]}")
        return cargo(crate, command, incremental="1")

    cargo(crate, command, incremental="1")
    return median(once)


def annotation(folder, contender, count):
    """CPU seconds of `cargo check` for one more."""

    def once():
        one = cargo(write(folder, *contender, 1), "check")
        return (cargo(write(folder, *contender, count + 1), "check") - one) / count

    return median(once)


def compare(count):
    columns = ["clean check", "then build", "check, changed", "build, changed", "check per annotation"]
    print(f"| | {' | '.join(columns)} |\n|---{'|---:' * len(columns)}|")
    for contender in CONTENDERS:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            crate = write(folder, *contender, 1)
            clean = [cargo(crate, command) for command in ("check", "build")]
            crate = write(folder, *contender, 20)
            again = [changed(crate, command) for command in ("check", "build")]
            figures = [f"{seconds:.2f} s" for seconds in clean + again]
            figures.append(f"{1000 * annotation(folder, contender, count):.2f} ms")
        print(f"| {contender[0]} | {' | '.join(figures)} |", flush=True)


def dependencies():
    """From Cargo's own report, one crate at a time so that none waits for another's core."""
    with tempfile.TemporaryDirectory() as folder:
        crate = write(pathlib.Path(folder), *CONTENDERS[0], 1)
        cargo(crate, "check", "--timings", "--jobs", "1")
        report = next((crate / "target/cargo-timings").glob("cargo-timing-*.html")).read_text()
    seconds = {}
    for unit in json.loads(re.search(r"const UNIT_DATA = (\[.*?\]);", report, re.DOTALL)[1]):
        seconds[unit["name"]] = seconds.get(unit["name"], 0) + unit["duration"]
    print("| crate | s |\n|---|---:|")
    for name, its in sorted(seconds.items(), key=lambda entry: -entry[1]):
        print(f"| {name} | {its:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=int, default=200, help="how many to measure the cost of one with")
    parser.add_argument("--dependencies", action="store_true", help="only what each crate that lk-plugin needs costs")
    arguments = parser.parse_args()
    if arguments.dependencies:
        dependencies()
    else:
        compare(arguments.annotations)


if __name__ == "__main__":
    main()
