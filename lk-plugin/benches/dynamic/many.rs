//! How inspecting and loading a file grow with the plugins in it, beside registering as many by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use lk_plugin::{Error, Plugin, Registry, Vad};

use super::{Copies, build, load, median, say, stop, timed_inspection};

const PLUGINS: [usize; 3] = [10, 100, 1_000];
const INSPECTIONS: usize = 101;
const LOADS: usize = 21;

/// Prints the table.
pub(super) fn measure(copies: &mut Copies) {
    say("\n| what | ours, µs | other | other, µs | other / ours |\n|---|---:|---|---:|---:|");
    let mut sizes = Vec::new();
    for plugins in PLUGINS {
        let file = file_with(plugins);
        sizes.push(fs::metadata(&file).map_or(0, |metadata| metadata.len()) / 1024);
        let mut inspections: Vec<f64> = (0..INSPECTIONS).map(|_| timed_inspection(&file) / 1e3).collect();
        let (mut loads, mut registrations) = (Vec::new(), Vec::new());
        for _ in 0..LOADS {
            let folder = copies.add(&file);
            loads.push(timed(|| load(&folder)));
            registrations.push(timed(|| registered(plugins)));
        }
        let ours = median(&mut loads);
        for (other, times) in [("inspect it", &mut inspections), ("register by hand", &mut registrations)] {
            let time = median(times);
            say(&format!("| load of a file with {plugins} | {ours:.1} | {other} | {time:.1} | {:.3} |", time / ours));
        }
    }
    say(&format!("\nthese files have {sizes:?} KiB"));
}

/// Microseconds; what is made is kept, as loaded files are.
fn timed(make: impl FnOnce() -> Registry) -> f64 {
    let start = Instant::now();
    let made = make();
    let took = start.elapsed();
    std::mem::forget(made);
    took.as_secs_f64() * 1e6
}

fn registered(plugins: usize) -> Registry {
    let make = |_: &_| Err(Error::unsupported("it is only there to be registered"));
    let registry = Registry::of((0..plugins).map(|number| Plugin::new::<dyn Vad>(name(number), make)));
    registry.unwrap_or_else(|error| stop(&error.to_string()))
}

fn name(number: usize) -> String {
    format!("plugin-{number}")
}

/// A file with so many plugins, which differ in their names alone.
fn file_with(plugins: usize) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/dynamic");
    let read = |file| fs::read_to_string(here.join(file)).unwrap_or_else(|error| stop(&error.to_string()));
    let crate_name = format!("bench-plugins-{plugins}");
    let mut source = read("many.in.rs");
    for number in 0..plugins {
        let name = name(number);
        source += &format!(
            "\n#[lk_plugin(kind = \"vad\", name = \"{name}\")]\nfn plugin_{number}(_: Settings) -> Deaf {{\n    Deaf\n}}\n"
        );
    }
    build(&crate_name, &read("plugin/Cargo.toml").replace("bench-plugin", &crate_name), &[("lib.rs", source)])
}
