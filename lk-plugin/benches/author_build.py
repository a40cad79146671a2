#!/usr/bin/env python3
"""What a plugin author's build costs, beside linkme, inventory and typetag: CPU seconds of a clean `cargo check`, and
milliseconds for each further annotation. All contenders in one run, one after the other.

Usage: python3 author_build.py [--annotations N]
Requires: cargo, and the crates (of our own and the three contenders) in Cargo's cache or reach.
"""

import argparse
import os
import pathlib
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
    crate = folder / name
    (crate / "src").mkdir(parents=True, exist_ok=True)
    manifest = f'[package]\nname = "author"\nversion = "0.1.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n{dependencies}\n'
    (crate / "Cargo.toml").write_text(manifest)
    (crate / "src/lib.rs").write_text(once + "".join(each.format(n=n) for n in range(count)))
    lock = CORE.parent / "Cargo.lock"
    if lock.exists():
        shutil.copy(lock, crate / "Cargo.lock")
    return crate


def cpu_seconds(crate):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = dict(os.environ, CARGO_TARGET_DIR=str(crate / "target"), CARGO_INCREMENTAL="0")
    subprocess.run(["cargo", "check", "--quiet"], cwd=crate, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=int, default=200, help="how many to measure the cost of one with")
    count = parser.parse_args().annotations
    print(f"{'':12} {'clean check':>12} {'per annotation':>15}")
    with tempfile.TemporaryDirectory() as folder:
        for name, dependencies, once, each in CONTENDERS:
            crate = write(pathlib.Path(folder), name, dependencies, once, each, 1)
            clean = cpu_seconds(crate)
            costs = []
            for _ in range(3):
                write(pathlib.Path(folder), name, dependencies, once, each, 1)
                one = cpu_seconds(crate)
                write(pathlib.Path(folder), name, dependencies, once, each, count + 1)
                costs.append((cpu_seconds(crate) - one) / count)
            print(f"{name:12} {clean:10.1f} s {1000 * sorted(costs)[1]:12.2f} ms", flush=True)


if __name__ == "__main__":
    main()
