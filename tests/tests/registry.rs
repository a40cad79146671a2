//! The registry as a program sees it: listing, look-up, creation, registration, threads.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;

use lk_plugin::{
    ChatContext, ChatOptions, Config, ErrorKind, Kind, Llm, LlmStream, Plugin, PluginConfig, Registry, Result, Stt,
    SttCapabilities, lk_plugin,
};

/// Carries what its constructor saw in its model's name.
struct Parrot(String);

impl Llm for Parrot {
    fn model(&self) -> &str {
        &self.0
    }

    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Ok(LlmStream::failed(lk_plugin::Error::unsupported("it only listens")))
    }
}

struct Ear;

impl Stt for Ear {
    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities::default()
    }
}

#[derive(PluginConfig)]
struct ModelConfig {
    /// Which one.
    #[config(default = "grey")]
    model: String,
}

#[lk_plugin(kind = "llm", name = "parrot")]
fn parrot(config: ModelConfig) -> Parrot {
    Parrot(config.model)
}

#[lk_plugin(kind = "llm", name = "modelless")]
fn modelless() -> Parrot {
    Parrot("none".to_owned())
}

/// Reads its config itself, and does not say how.
#[lk_plugin(kind = "llm", name = "raw")]
fn raw(config: &Config) -> Parrot {
    Parrot(config.get("model").map_or_else(|| "nothing".to_owned(), ToString::to_string))
}

#[lk_plugin(kind = "stt", name = "ear")]
fn ear() -> Ear {
    Ear
}

fn plugin(name: &str) -> Plugin {
    let said = name.to_owned();
    Plugin::new::<dyn Llm>(name, move |_| Ok(Box::new(Parrot(said.clone()))))
}

fn names(registry: &Registry) -> Vec<String> {
    registry.plugins().iter().map(|plugin| plugin.to_string()).collect()
}

fn message<T>(result: Result<T>) -> (ErrorKind, String) {
    let error = result.err().unwrap();
    (error.kind(), error.to_string())
}

fn config(key: &str, value: &str) -> Config {
    let mut config = Config::new();
    config.insert(key, value);
    config
}

#[test]
fn linked_plugins_are_listed_sorted_by_kind_then_name() {
    assert_eq!(names(Registry::global()), ["llm/modelless", "llm/parrot", "llm/raw", "stt/ear"]);
    assert_eq!(names(&Registry::linked().unwrap()), names(Registry::global()));
}

#[test]
fn registered_plugins_are_sorted_in() {
    let registry = Registry::linked().unwrap();
    registry.register(plugin("nightingale"));
    registry.register(plugin("albatross"));
    assert_eq!(
        names(&registry),
        ["llm/albatross", "llm/modelless", "llm/nightingale", "llm/parrot", "llm/raw", "stt/ear"]
    );
    assert_eq!(format!("{registry:?}").matches("llm/").count(), 5);
}

#[test]
fn get_finds_by_kind_and_exact_name() {
    let registry = Registry::global();
    assert_eq!(registry.get(Kind::Llm, "parrot").unwrap().to_string(), "llm/parrot");
    for (kind, name) in [(Kind::Stt, "parrot"), (Kind::Llm, "Parrot"), (Kind::Llm, ""), (Kind::Vad, "parrot")] {
        assert!(registry.get(kind, name).is_none(), "{kind} {name}");
    }
    assert!(Registry::empty().get(Kind::Llm, "parrot").is_none());
}

#[test]
fn create_makes_instances_of_the_named_plugin() {
    let registry = Registry::global();
    assert_eq!(registry.create::<dyn Llm>("parrot", &Config::new()).unwrap().model(), "grey");
    assert_eq!(registry.create::<dyn Llm>("parrot", &config("model", "red")).unwrap().model(), "red");
    assert_eq!(registry.create::<dyn Stt>("ear", &Config::new()).unwrap().model(), "unknown");
}

#[test]
fn create_of_another_kind_says_what_the_plugin_is_not() {
    let plugin = Registry::global().get(Kind::Llm, "parrot").unwrap();
    let (kind, text) = message(plugin.create::<dyn Stt>(&Config::new()));
    let advice = "llm/parrot: this is not a `stt` plugin; make it with `create::<dyn Llm>`";
    assert_eq!((kind, text.as_str()), (ErrorKind::NotFound, advice));
}

#[test]
fn a_spec_sets_the_model_and_keeps_further_slashes() {
    let registry = Registry::global();
    assert_eq!(registry.create::<dyn Llm>("parrot/red", &Config::new()).unwrap().model(), "red");
    assert_eq!(registry.create::<dyn Llm>("parrot/a/b:c", &Config::new()).unwrap().model(), "a/b:c");
    // A plugin that does not say which keys it takes is given the model, for it may know.
    assert_eq!(registry.create::<dyn Llm>("raw/red", &Config::new()).unwrap().model(), "\"red\"");
}

#[test]
fn a_spec_is_refused_when_it_cannot_be_meant() {
    let create = |spec, config: &Config| message(Registry::global().create::<dyn Llm>(spec, config));
    let (kind, text) = create("modelless/x", &Config::new());
    assert_eq!(kind, ErrorKind::Config);
    assert_eq!(
        text,
        "llm/modelless: this plugin has no models to choose from; write `modelless` instead of `modelless/x`"
    );
    let (kind, text) = create("parrot/red", &config("model", "blue"));
    assert_eq!(kind, ErrorKind::Config);
    assert_eq!(
        text,
        "llm/parrot: the config has the model `\"blue\"` beside the one in `parrot/red`; give one of them"
    );
    let (kind, text) = create("parrot/", &Config::new());
    assert_eq!(kind, ErrorKind::Config);
    assert_eq!(text, "`parrot/` names no model after the slash; write `parrot`, or `parrot/` and a model");
    assert_eq!(create("/red", &Config::new()).0, ErrorKind::NotFound);
    assert_eq!(create("", &Config::new()).0, ErrorKind::NotFound);
}

#[test]
fn a_spec_leaves_the_callers_config_alone() {
    let given = config("other", "x");
    let before = given.clone();
    assert!(Registry::global().create::<dyn Llm>("raw/red", &given).is_ok());
    assert_eq!(given, before);
}

#[test]
fn a_missing_plugin_is_answered_with_choices_and_the_line_that_links_more() {
    let (kind, text) = message(Registry::global().find(Kind::Llm, "parot"));
    assert_eq!(kind, ErrorKind::NotFound);
    assert_eq!(
        text,
        "there is no `llm` plugin `parot`; did you mean `parrot`? choose from `modelless`, `parrot`, `raw`; a plugin is \
         here only when its crate is a dependency of the program, with the feature that holds it, and the program names \
         it, as in `use lk_plugins as _;` in main.rs"
    );
}

#[test]
fn a_missing_plugin_far_from_all_gets_no_guess() {
    let (_, text) = message(Registry::global().find(Kind::Llm, "whisper"));
    assert!(text.contains("choose from `modelless`"), "{text}");
    assert!(!text.contains("did you mean"), "{text}");
}

#[test]
fn a_plugin_of_another_kind_is_mentioned() {
    let (_, text) = message(Registry::global().find(Kind::Vad, "ear"));
    assert!(text.contains("no `vad` plugin is linked into this program; of other kinds there is `stt/ear`;"), "{text}");
    let (_, text) = message(Registry::global().find(Kind::Vad, "nothing"));
    assert!(!text.contains("of other kinds"), "{text}");
}

#[test]
fn require_names_all_that_are_missing_at_once() {
    let registry = Registry::global();
    assert!(registry.require(&[]).is_ok());
    assert!(registry.require(&["stt/ear", "llm/parrot"]).is_ok());
    let (kind, text) = message(registry.require(&["stt/openai", "llm/parrot", "vad/silero"]));
    assert_eq!(kind, ErrorKind::NotFound);
    assert!(
        text.starts_with(
            "missing plugins: `stt/openai`, `vad/silero`; linked into this program: `llm/modelless`, `llm/parrot`, \
             `llm/raw`, `stt/ear`; a plugin is here only when"
        ),
        "{text}"
    );
    let (_, text) = message(Registry::empty().require(&["stt/openai"]));
    assert!(text.contains("linked into this program: nothing"), "{text}");
}

#[test]
fn require_names_what_names_no_plugin_with_all_else_that_is_missing() {
    let (kind, text) = message(Registry::global().require(&["ear", "sst/ear", "llm/unheard-of"]));
    assert_eq!(kind, ErrorKind::NotFound);
    for part in ["`ear` (write kind and name", "`sst/ear`", "did you mean `stt`?", "`llm/unheard-of`"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_duplicate_is_refused_and_both_are_named() {
    let registry = Registry::linked().unwrap();
    let line = line!() + 1;
    let (kind, text) = message(registry.try_register(plugin_here()));
    assert_eq!(kind, ErrorKind::Duplicate);
    let theirs = registry.get(Kind::Llm, "parrot").unwrap().origin().to_string();
    assert!(text.contains("`llm/parrot` is registered 2 times:"), "{text}");
    assert!(text.contains(&format!("integration-tests {} at {theirs}", env!("CARGO_PKG_VERSION"))), "{text}");
    assert!(text.contains(&format!("registered by the program at {}:{line}", file!())), "{text}");
    // The first one stays.
    assert_eq!(registry.get(Kind::Llm, "parrot").unwrap().package(), "integration-tests");
    assert_eq!(names(&registry).len(), 4);
}

/// A plugin whose origin is the line that calls this.
#[track_caller]
fn plugin_here() -> Plugin {
    Plugin::new::<dyn Llm>("parrot", |_| Ok(Box::new(Parrot(String::new()))))
}

#[test]
fn register_panics_with_the_text_that_try_register_returns() {
    let registry = Registry::empty();
    registry.register(plugin("parrot"));
    let expected = message(registry.try_register(plugin("parrot"))).1;
    let panicked = catch_unwind(AssertUnwindSafe(|| registry.register(plugin("parrot")))).err().unwrap();
    let text = panicked.downcast_ref::<String>().unwrap();
    let without_lines =
        |text: &str| text.lines().map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(without_lines(text), without_lines(&expected));
    assert_eq!(names(&registry), ["llm/parrot"]);
}

#[test]
fn of_refuses_duplicates_and_tells_them_apart_from_the_rest() {
    let plugins = ["b", "a", "b", "c", "a"].map(plugin);
    let error = Registry::of(plugins).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Duplicate);
    let text = error.to_string();
    assert!(text.contains("`llm/a` is registered 2 times") && text.contains("`llm/b` is registered 2 times"), "{text}");
    assert!(!text.contains("`llm/c`"), "{text}");
}

#[test]
fn of_refuses_names_that_are_none() {
    for name in ["", "A", "a/b", "a\n"] {
        let error = Registry::of([plugin(name)]).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name:?}");
        assert!(!error.to_string().contains('\n'));
    }
}

#[test]
fn a_spec_that_begins_with_a_kind_says_so() {
    let registry = Registry::empty();
    registry.register(plugin("parrot"));
    let error = registry.create::<dyn Llm>("llm/parrot", &Config::new()).err().unwrap();
    assert_eq!(error.to_string(), "`llm/parrot` begins with a kind; write `parrot` alone");
    // Not every name that is not there is a kind.
    let error = registry.create::<dyn Llm>("parot/grey", &Config::new()).err().unwrap();
    assert!(error.to_string().contains("did you mean `parrot`?"), "{error}");
}

#[test]
fn one_name_may_serve_several_kinds() {
    let registry = Registry::empty();
    registry.register(plugin("openai"));
    registry.register(Plugin::new::<dyn Stt>("openai", |_| Ok(Box::new(Ear))));
    assert_eq!(names(&registry), ["llm/openai", "stt/openai"]);
}

#[test]
fn names_outside_of_the_grammar_are_refused() {
    let registry = Registry::empty();
    for name in ["", "OpenAI", "open_ai", "a--b", "-a", "a-", "a/b", "a b", "ä"] {
        let (kind, text) = message(registry.try_register(plugin(name)));
        assert_eq!(kind, ErrorKind::InvalidInput, "{name}");
        assert!(text.starts_with(&format!("`{name}` is not a plugin name; use lower-case")), "{text}");
    }
    assert!(names(&registry).is_empty());
}

#[test]
fn scoped_registries_do_not_see_each_other() {
    let (one, two) = (Registry::empty(), Registry::linked().unwrap());
    one.register(plugin("only-here"));
    assert!(one.get(Kind::Llm, "only-here").is_some());
    assert!(two.get(Kind::Llm, "only-here").is_none());
    assert!(Registry::global().get(Kind::Llm, "only-here").is_none());
    assert!(one.get(Kind::Llm, "parrot").is_none());
}

#[test]
fn a_plugin_found_before_is_good_after_the_table_changed() {
    let registry = Registry::empty();
    registry.register(plugin("parrot"));
    let found = registry.get(Kind::Llm, "parrot").unwrap();
    let listed = registry.plugins();
    registry.register(plugin("cockatoo"));
    assert!(std::ptr::eq(found, registry.get(Kind::Llm, "parrot").unwrap()));
    let found = found.clone();
    drop(registry);
    assert_eq!(found.create::<dyn Llm>(&Config::new()).unwrap().model(), "parrot");
    assert_eq!(listed.len(), 1);
}

#[test]
fn registrations_from_many_threads_all_arrive() {
    const THREADS: usize = 8;
    const EACH: usize = 100;
    let registry = Registry::empty();
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (registry, start) = (&registry, &start);
            scope.spawn(move || {
                start.wait();
                for number in 0..EACH {
                    let name = format!("parrot-{thread}-{number}");
                    registry.register(plugin(&name));
                    // What was registered is there at once, and nothing is lost later.
                    assert!(registry.get(Kind::Llm, &name).is_some(), "{name}");
                    assert!(registry.get(Kind::Llm, &format!("parrot-{thread}-0")).is_some());
                }
            });
        }
    });
    let all = names(&registry);
    assert_eq!(all.len(), THREADS * EACH);
    assert!(all.is_sorted());
}

#[test]
fn of_many_threads_that_register_one_name_one_wins() {
    const THREADS: usize = 8;
    let registry = Registry::empty();
    let start = Barrier::new(THREADS);
    let wins = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    registry.try_register(plugin("parrot")).is_ok()
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|won| *won).count()
    });
    assert_eq!(wins, 1);
    assert_eq!(names(&registry), ["llm/parrot"]);
}

#[test]
fn a_constructor_may_use_the_registry() {
    let registry: &'static Registry = Box::leak(Box::new(Registry::empty()));
    registry.register(plugin("inner"));
    registry.register(Plugin::new::<dyn Llm>("outer", |config| registry.create::<dyn Llm>("inner", config)));
    assert_eq!(registry.create::<dyn Llm>("outer", &Config::new()).unwrap().model(), "inner");
}
