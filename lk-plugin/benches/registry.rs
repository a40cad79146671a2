//! The registry against what else one could take: look-up, building, and making an instance.
//!
//! ```text
//! cargo bench -p lk-plugin --bench registry              # everything, then the table of ratios (about three minutes)
//! cargo bench -p lk-plugin --bench registry -- look-up   # only what has this in its name
//! ```
//!
//! Criterion measures each contender by itself. The table `what | ours | other | ratio` at the end comes from a second
//! round, in which the contenders of a row take turns of a few milliseconds: its ratio is the median of the turns' ratios,
//! so that a slow moment of the machine does not decide. Above 1 means that the other one is slower.
//!
//! What is compared is the same work:
//! - A look-up of a `hit` ends with a reference to the plugin, ours and std's alike; where it says `kept`, with a plugin of
//!   the caller's own (a handle, whose clone counts one up).
//! - A build begins with plugins that are there, ends with something that finds them by name, and finds out whether a name
//!   comes twice. Ours checks the names' grammar too.
//! - `create` ends with a boxed instance whose config was read, checked and given its defaults; the constructor is handed
//!   the finished struct.
//!
//! The others:
//! - `HashMap`: std's with std's hasher, from names of one kind to plugins, owned by one thread: no kinds, no registration
//!   by others.
//! - `RwLock of maps`: kind to name to plugin behind a lock, the shape of the registry in Go. It cannot lend.
//! - `inventory`: the linked list that it offers. Its entries are fixed at compile time; it has no look-up and finds no
//!   duplicates, so a map is built from it (which does), or the list is searched.
//! - `typetag`: a boxed trait object from its tag in JSON among 40 types, against `create` among 40 plugins, which were
//!   registered one by one.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::RwLock;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use lk_plugin::{ChatContext, ChatOptions, Config, Error, Kind, Llm, LlmStream, Plugin, Registry, Result};
use serde::{Deserialize, Serialize};

#[path = "registry/factory.rs"]
mod factory;

const SIZES: [usize; 7] = [1, 10, 30, 100, 1_000, 10_000, 100_000];

/// Look-ups per measured call, so that the call itself does not count.
const BATCH: usize = 1_000;

/// How long each contender has its turn, and how often.
const TURN: Duration = Duration::from_millis(2);
const ROUNDS: usize = 101;

const OURS: &str = "Registry";

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Err(Error::unsupported("it only listens"))
    }
}

/// Names as long as real ones, and of different lengths.
fn name(number: usize) -> String {
    ["openai", "deepgram-nova", "local-whisper-large", "x"][number % 4].to_owned() + "-" + &number.to_string()
}

fn plugins(count: usize) -> Vec<Plugin> {
    (0..count).map(|number| Plugin::new::<dyn Llm>(name(number), |_| Ok(Box::new(Parrot)))).collect()
}

/// One way of doing something.
type Contender<'c> = (&'static str, Box<dyn FnMut() + 'c>);

/// What a row of the table says of one contender.
struct Row {
    what: String,
    ours: f64,
    who: &'static str,
    theirs: f64,
    ratio: f64,
}

struct Bench {
    criterion: Criterion,
    rows: Vec<Row>,
    /// The filter of the command line, for the table.
    only: Option<String>,
}

impl Bench {
    /// Measures the contenders, ours first, each of which does `what` `batch` times per call.
    fn compare(&mut self, what: &str, batch: usize, mut contenders: Vec<Contender<'_>>) {
        if self.only.as_ref().is_some_and(|only| !what.contains(only)) {
            return;
        }
        let mut group = self.criterion.benchmark_group(what);
        group.throughput(Throughput::Elements(batch as u64));
        for (who, call) in &mut contenders {
            group.bench_function(BenchmarkId::from_parameter(who), |bencher| bencher.iter(&mut *call));
        }
        group.finish();

        let times = in_turns(&mut contenders);
        let per_one = |times: &[f64]| median(times.to_vec()) / batch as f64;
        for ((who, _), theirs) in contenders.iter().zip(&times).skip(1) {
            let ratios = theirs.iter().zip(&times[0]).map(|(theirs, ours)| theirs / ours).collect();
            let (ours, theirs) = (per_one(&times[0]), per_one(theirs));
            self.rows.push(Row { what: what.to_owned(), ours, who, theirs, ratio: median(ratios) });
        }
    }

    #[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
    fn print(&self) {
        println!("\n| what | ours, ns | other | other, ns | ratio |\n|---|---:|---|---:|---:|");
        for Row { what, ours, who, theirs, ratio } in &self.rows {
            println!("| {what} | {ours:.1} | {who} | {theirs:.1} | {ratio:.2} |");
        }
    }
}

/// Nanoseconds per call, by contender and round. In each round every contender has its turn, so that a slow moment of
/// the machine is everyone's.
fn in_turns(contenders: &mut [Contender<'_>]) -> Vec<Vec<f64>> {
    let timed = |call: &mut dyn FnMut(), calls: u32| {
        let start = Instant::now();
        for _ in 0..calls {
            call();
        }
        start.elapsed()
    };
    let calls: Vec<u32> = contenders
        .iter_mut()
        .map(|(_, call)| {
            let one = timed(call, 10).as_nanos() / 10;
            u32::try_from(TURN.as_nanos() / one.max(1)).unwrap_or(u32::MAX).max(1)
        })
        .collect();
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for (((_, call), calls), times) in contenders.iter_mut().zip(&calls).zip(&mut times) {
            times.push(timed(call, *calls).as_nanos() as f64 / f64::from(*calls));
        }
    }
    times
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

fn look_up(bench: &mut Bench, size: usize) {
    let plugins = plugins(size);
    let named = || plugins.iter().map(|plugin| (plugin.name().to_owned(), plugin.clone()));
    let Ok(ours) = Registry::of(plugins.iter().cloned()) else { return };
    let map: HashMap<String, Plugin> = named().collect();
    let maps = RwLock::new(HashMap::from([("llm".to_owned(), named().collect::<HashMap<_, _>>())]));

    // Jumping about, so that neighbours do not warm the cache for each other.
    let hits: Vec<String> = (0..BATCH).map(|index| name(index * 7_919 % size)).collect();
    let mixed: Vec<String> = hits
        .iter()
        .enumerate()
        .map(|(index, hit)| if index % 2 == 0 { hit.clone() } else { format!("{hit}x") })
        .collect();
    let wait_and_find = |name: &str| maps.read().ok().and_then(|maps| maps.get("llm")?.get(name).cloned());
    for (names, label) in [(&hits, "hit"), (&mixed, "half missing")] {
        bench.compare(
            &format!("look-up among {size:>6}, {label}"),
            BATCH,
            vec![
                (OURS, each(names, |name| _ = black_box(ours.get(Kind::Llm, name)))),
                ("HashMap", each(names, |name| _ = black_box(map.get(name)))),
            ],
        );
    }
    bench.compare(
        &format!("look-up among {size:>6}, kept"),
        BATCH,
        vec![
            (OURS, each(&hits, |name| _ = black_box(ours.get(Kind::Llm, name).cloned()))),
            ("HashMap", each(&hits, |name| _ = black_box(map.get(name).cloned()))),
            ("RwLock of maps", each(&hits, |name| _ = black_box(wait_and_find(name)))),
        ],
    );
}

/// A call that does something with each name.
fn each<'c>(names: &'c [String], call: impl Fn(&str) + 'c) -> Box<dyn FnMut() + 'c> {
    Box::new(move || names.iter().for_each(|name| call(black_box(name))))
}

fn build(bench: &mut Bench, size: usize) {
    let plugins = plugins(size);
    let what = format!("build of {size:>6}");
    bench.compare(
        &what,
        1,
        vec![
            (
                OURS,
                Box::new(|| {
                    black_box(Registry::of(plugins.iter().cloned()).is_ok());
                }),
            ),
            (
                "HashMap",
                Box::new(|| {
                    let mut map = HashMap::with_capacity(plugins.len());
                    let unique =
                        plugins.iter().all(|plugin| map.insert(plugin.name().to_owned(), plugin.clone()).is_none());
                    black_box((map, unique));
                }),
            ),
            (
                "RwLock of maps",
                Box::new(|| {
                    // As Go does it: one registration after the other, each under the lock.
                    let maps: RwLock<HashMap<String, HashMap<String, Plugin>>> = RwLock::default();
                    let unique = plugins.iter().all(|plugin| {
                        let Ok(mut maps) = maps.write() else { return false };
                        let of_kind = maps.entry("llm".to_owned()).or_default();
                        of_kind.insert(plugin.name().to_owned(), plugin.clone()).is_none()
                    });
                    black_box((maps, unique));
                }),
            ),
        ],
    );
}

/// Entries of `inventory`, fixed at compile time: 10 of one type, 1,000 of another.
mod submitted {
    pub(crate) struct Few(pub(crate) &'static str);
    pub(crate) struct Many(pub(crate) &'static str);

    inventory::collect!(Few);
    inventory::collect!(Many);

    macro_rules! submit {
        ($entry:ident $prefix:literal) => {
            submit!(@ $entry $prefix 0 1 2 3 4 5 6 7 8 9);
        };
        (@ $entry:ident $prefix:literal $($digit:literal)*) => {
            $(inventory::submit!($entry(concat!("local-whisper-", $prefix, $digit)));)*
        };
        (hundred $entry:ident $($tens:literal)*) => {
            $(submit!(ten $entry $tens "0" "1" "2" "3" "4" "5" "6" "7" "8" "9");)*
        };
        (ten $entry:ident $tens:literal $($digit:literal)*) => {
            $(submit!(each $entry $tens $digit 0 1 2 3 4 5 6 7 8 9);)*
        };
        (each $entry:ident $tens:literal $digit:literal $($last:literal)*) => {
            $(inventory::submit!($entry(concat!("local-whisper-", $tens, $digit, $last)));)*
        };
    }

    submit!(Few "");
    submit!(hundred Many "0" "1" "2" "3" "4" "5" "6" "7" "8" "9");
}

fn against_inventory(bench: &mut Bench) {
    let few: Vec<&'static str> = inventory::iter::<submitted::Few>.into_iter().map(|entry| entry.0).collect();
    let many: Vec<&'static str> = inventory::iter::<submitted::Many>.into_iter().map(|entry| entry.0).collect();
    for names in [&few, &many] {
        let size = names.len();
        let plugins: Vec<Plugin> =
            names.iter().map(|name| Plugin::new::<dyn Llm>(*name, |_| Ok(Box::new(Parrot)))).collect();
        let what = format!("build of {size:>6} linked");
        bench.compare(
            &what,
            1,
            vec![
                (
                    OURS,
                    Box::new(|| {
                        black_box(Registry::of(plugins.iter().cloned()).is_ok());
                    }),
                ),
                (
                    "inventory + HashMap",
                    Box::new(|| {
                        let mut map: HashMap<&'static str, &'static str> = HashMap::new();
                        let unique = if size < 100 {
                            inventory::iter::<submitted::Few>
                                .into_iter()
                                .all(|entry| map.insert(entry.0, entry.0).is_none())
                        } else {
                            inventory::iter::<submitted::Many>
                                .into_iter()
                                .all(|entry| map.insert(entry.0, entry.0).is_none())
                        };
                        black_box((map, unique));
                    }),
                ),
            ],
        );

        let Ok(ours) = Registry::of(plugins.iter().cloned()) else { return };
        let what = format!("look-up among {size:>6} linked, hit");
        bench.compare(
            &what,
            size,
            vec![
                (
                    OURS,
                    Box::new(|| {
                        for name in names {
                            black_box(ours.get(Kind::Llm, black_box(name)));
                        }
                    }),
                ),
                (
                    "inventory, searched",
                    Box::new(|| {
                        for name in names {
                            let found = if size < 100 {
                                inventory::iter::<submitted::Few>.into_iter().any(|entry| entry.0 == *black_box(name))
                            } else {
                                inventory::iter::<submitted::Many>.into_iter().any(|entry| entry.0 == *black_box(name))
                            };
                            black_box(found);
                        }
                    }),
                ),
            ],
        );
    }
}

/// 40 types behind one tagged trait.
mod tagged {
    use super::{Deserialize, Serialize};

    #[typetag::serde(tag = "type")]
    pub(crate) trait Tagged {
        fn number(&self) -> u32;
    }

    macro_rules! types {
        ($($name:ident)*) => {
            pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];

            $(
                #[derive(Serialize, Deserialize)]
                struct $name {}

                #[typetag::serde]
                impl Tagged for $name {
                    fn number(&self) -> u32 {
                        line!()
                    }
                }
            )*
        };
    }

    types! {
        Openai00 Openai01 Openai02 Openai03 Openai04 Openai05 Openai06 Openai07 Openai08 Openai09
        Openai10 Openai11 Openai12 Openai13 Openai14 Openai15 Openai16 Openai17 Openai18 Openai19
        Openai20 Openai21 Openai22 Openai23 Openai24 Openai25 Openai26 Openai27 Openai28 Openai29
        Openai30 Openai31 Openai32 Openai33 Openai34 Openai35 Openai36 Openai37 Openai38 Openai39
    }
}

fn against_typetag(bench: &mut Bench) {
    let ours = Registry::empty();
    let names: Vec<String> = tagged::NAMES.iter().map(|name| name.to_lowercase()).collect();
    for name in &names {
        ours.register(Plugin::new::<dyn Llm>(name.as_str(), |_| Ok(Box::new(Parrot))));
    }
    let documents: Vec<String> = tagged::NAMES.iter().map(|name| format!("{{\"type\":\"{name}\"}}")).collect();
    let what = "an instance among     40 by name";
    let config = Config::new();
    bench.compare(
        what,
        names.len(),
        vec![
            (
                OURS,
                Box::new(|| {
                    for name in &names {
                        black_box(ours.create::<dyn Llm>(black_box(name), &config).is_ok());
                    }
                }),
            ),
            (
                "typetag from JSON",
                Box::new(|| {
                    for document in &documents {
                        let made: std::result::Result<Box<dyn tagged::Tagged>, _> =
                            serde_json::from_str(black_box(document));
                        black_box(made.map(|made| made.number()).is_ok());
                    }
                }),
            ),
        ],
    );
}

fn main() -> Result<()> {
    let criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .without_plots()
        .configure_from_args();
    // Criterion filters by the first argument that is no option; the table does the same.
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let mut bench = Bench { criterion, rows: Vec::new(), only };
    for size in SIZES {
        look_up(&mut bench, size);
        build(&mut bench, size);
    }
    against_inventory(&mut bench);
    against_typetag(&mut bench);
    factory::create(&mut bench)?;
    factory::push(&mut bench)?;
    bench.criterion.final_summary();
    bench.print();
    Ok(())
}
