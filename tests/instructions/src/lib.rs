//! What the hot paths may cost: the one table, and the limits that follow from it.

use gungraun::{Callgrind, Dhat, DhatMetric, EventKind, LibraryBenchmarkConfig};

/// The compiler that the table is for. Another one makes other instructions of the same source.
pub const COMPILER: &str = "1.95";

/// The C library that the table is for: the allocator and `memcpy` are its.
pub const C_LIBRARY: &str = "2.36";

/// One path of `benches/hot_paths.rs`, and what it was seen to cost.
#[derive(Debug, Clone, Copy)]
pub struct HotPath {
    /// The function and the case, as the bench calls them.
    pub name: &'static str,
    /// What is done, and how often.
    pub what: &'static str,
    /// Instructions of all of it; 5 % more is a failure.
    pub instructions: u64,
    /// Allocations of all of it; one more is a failure.
    pub allocations: u64,
}

/// What was measured, by the compiler above. When a path costs more for a good reason, or less, the new figure is written here.
pub const TABLE: &[HotPath] = &[
    HotPath {
        name: "silero.at_16_khz",
        what: "one window of 512 samples at 16 kHz",
        instructions: 116_423,
        allocations: 0,
    },
    HotPath { name: "silero.at_48_khz", what: "100 ms of audio at 48 kHz", instructions: 815_522, allocations: 0 },
    HotPath {
        name: "resample.from_48_khz",
        what: "100 ms of audio from 48 to 16 kHz",
        instructions: 372_160,
        allocations: 0,
    },
    HotPath {
        name: "look_up.hit_13",
        what: "1,000 look-ups among 13 plugins, all there",
        instructions: 116_667,
        allocations: 0,
    },
    HotPath {
        name: "look_up.miss_13",
        what: "1,000 look-ups among 13 plugins, none there",
        instructions: 98_439,
        allocations: 0,
    },
    HotPath {
        name: "look_up.hit_1000",
        what: "1,000 look-ups among 1,000 plugins, all there",
        instructions: 142_089,
        allocations: 0,
    },
    HotPath {
        name: "look_up.miss_1000",
        what: "1,000 look-ups among 1,000 plugins, none there",
        instructions: 120_135,
        allocations: 0,
    },
    HotPath {
        name: "create.five_keys",
        what: "an instance with a config of five keys",
        instructions: 12_497,
        allocations: 24,
    },
    HotPath {
        name: "chat.tokens",
        what: "100 tokens of a chat through `Box<dyn Llm>`",
        instructions: 131_060,
        allocations: 290,
    },
    HotPath {
        name: "inspect.two_notes",
        what: "the notes of a file with a plugin in it",
        instructions: 69_185,
        allocations: 50,
    },
];

/// How much of `instructions` may be: 5 % more.
#[must_use]
pub fn most(instructions: u64) -> u64 {
    instructions + instructions / 20
}

/// What makes the bench fail at this path.
///
/// # Panics
///
/// When the table does not have it.
#[must_use]
pub fn limits(name: &str) -> LibraryBenchmarkConfig {
    let Some(path) = TABLE.iter().find(|path| path.name == name) else {
        panic!("`{name}` is not in the table; add it to tests/instructions/src/lib.rs");
    };
    let mut config = LibraryBenchmarkConfig::default();
    config
        .tool(Callgrind::with_args(["--cache-sim=no"]).hard_limits([(EventKind::Ir, most(path.instructions))]))
        .tool(Dhat::default().hard_limits([(DhatMetric::TotalBlocks, path.allocations)]));
    config
}
