//! What the attribute makes of a constructor: the entry's facts, and the factory for each form of parameter and result.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

use lk_plugin::{
    ChatContext, ChatOptions, Config, Error, ErrorKind, Kind, Llm, LlmStream, Plugin, PluginConfig, Registry, Result,
    Vad, VadCapabilities, VadStream, lk_plugin,
};

struct Parrot(&'static str);

impl Llm for Parrot {
    fn model(&self) -> &str {
        self.0
    }

    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Ok(LlmStream::failed(Error::unsupported("it only listens")))
    }
}

struct Deaf;

impl Vad for Deaf {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(std::time::Duration::from_millis(32))
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Err(Error::unsupported("it hears nothing"))
    }
}

fn plugin(name: &str) -> &'static Plugin {
    Registry::global().get(Kind::Llm, name).unwrap_or_else(|| panic!("{name}"))
}

fn made(name: &str) -> String {
    plugin(name).create::<dyn Llm>(&Config::new()).unwrap().model().to_owned()
}

fn failure(name: &str) -> Error {
    plugin(name).create::<dyn Llm>(&Config::new()).err().unwrap()
}

// ── facts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const PLAIN_LINE: u32 = line!() + 4;
///
///   Says what it hears.
/// And a second line.
#[lk_plugin(kind = "llm", name = "plain")]
fn plain() -> Parrot {
    Parrot("plain")
}

/// Not this one.
#[lk_plugin(
    kind = "llm",
    name = "told",
    description = "this one",
    license = "Apache-2.0 OR MIT",
    models(
        file(
            name = "a.onnx",
            url = "https://example.org/a.onnx",
            size = 2_327_524,
            sha256 = "aAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        ),
        file(
            name = "b.onnx",
            url = "https://example.org/b.onnx",
            size = 1,
            sha256 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
        ),
    )
)]
fn told() -> Parrot {
    Parrot("told")
}

#[lk_plugin(kind = "llm", name = "silent")]
fn silent() -> Parrot {
    Parrot("silent")
}

#[lk_plugin(kind = "llm", name = "block")]
impl Parrot {
    /// The function's own comment, when the block has none.
    fn new() -> Self {
        Self("block")
    }
}

/// The block's comment.
#[lk_plugin(kind = "vad", name = "block")]
impl Deaf {
    /// Not this one.
    fn new() -> Self {
        Self
    }
}

#[test]
fn an_entry_knows_kind_name_version_and_package() {
    let plain = plugin("plain");
    assert_eq!((plain.kind(), plain.name(), plain.to_string().as_str()), (Kind::Llm, "plain", "llm/plain"));
    assert_eq!((plain.version(), plain.package()), (env!("CARGO_PKG_VERSION"), "integration-tests"));
    assert_eq!(plain.source(), "static");
    assert!(plain.models().is_empty());
}

#[test]
fn an_entry_knows_its_file_and_line() {
    let plain = plugin("plain");
    assert_eq!((plain.origin().file.as_ref(), plain.origin().line), (file!(), PLAIN_LINE));
    assert_eq!(plain.origin().to_string(), format!("{}:{PLAIN_LINE}", file!()));
}

#[test]
fn the_description_is_the_key_else_the_first_line_of_the_comment() {
    assert_eq!(plugin("plain").description(), "Says what it hears");
    assert_eq!(plugin("told").description(), "this one");
    assert_eq!(plugin("silent").description(), "");
    assert_eq!(plugin("block").description(), "The function's own comment, when the block has none");
    let block = Registry::global().get(Kind::Vad, "block").unwrap();
    assert_eq!(block.description(), "The block's comment");
}

#[test]
fn the_license_is_the_key_else_the_packages() {
    assert_eq!(plugin("told").license(), Some("Apache-2.0 OR MIT"));
    assert_eq!(plugin("plain").license(), Some("Apache-2.0"));
    // Cargo's own word for it, in case the package's ever changes.
    assert_eq!(plugin("plain").license(), option_env!("CARGO_PKG_LICENSE"));
}

#[test]
fn models_are_kept_in_order() {
    let told = plugin("told");
    let models = told.models();
    let facts: Vec<_> = models.iter().map(|model| (model.name, model.url, model.size)).collect();
    assert_eq!(
        facts,
        [("a.onnx", "https://example.org/a.onnx", 2_327_524), ("b.onnx", "https://example.org/b.onnx", 1)]
    );
    assert!(models[0].sha256.starts_with("aAaa") && models[1].sha256.ends_with("bbb"));
}

// ── parameters ──────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(PluginConfig)]
struct Phrase {
    /// What it says.
    #[config(default = "hello", env = "LK_TEST_PHRASE_THAT_NOBODY_SETS")]
    phrase: String,
}

#[lk_plugin(kind = "llm", name = "typed")]
fn typed(config: Phrase) -> Parrot {
    Parrot(if config.phrase == "hello" { "default" } else { "given" })
}

#[lk_plugin(kind = "llm", name = "raw")]
fn raw(config: &Config) -> Parrot {
    Parrot(if config.is_empty() { "empty" } else { "given" })
}

#[test]
fn each_form_of_parameter_gets_its_config() {
    let mut phrase = Config::new();
    phrase.insert("phrase", "good bye");
    for (name, without, with) in [("typed", "default", "given"), ("raw", "empty", "given")] {
        assert_eq!(made(name), without);
        assert_eq!(plugin(name).create::<dyn Llm>(&phrase).unwrap().model(), with);
    }
    assert_eq!((made("plain"), made("block")), ("plain".to_owned(), "block".to_owned()));
}

#[test]
fn the_fields_are_those_of_the_parameter() {
    let typed = plugin("typed");
    let fields = typed.fields().unwrap();
    let facts: Vec<_> = fields.iter().map(|field| (field.name, field.doc, field.default, field.env)).collect();
    assert_eq!(facts, [("phrase", "What it says.", Some("\"hello\""), Some("LK_TEST_PHRASE_THAT_NOBODY_SETS"))]);
    assert_eq!(plugin("plain").fields(), Some(&[][..]));
    assert_eq!(plugin("raw").fields(), None);
}

#[test]
fn a_constructor_without_parameter_refuses_keys() {
    let mut config = Config::new();
    config.insert("voice", "x");
    config.insert("speed", 1);
    for name in ["plain", "block"] {
        let error = plugin(name).create::<dyn Llm>(&config).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(
            error.to_string(),
            format!(
                "llm/{name}: 2 problems in the config: `speed` is not an option; this plugin takes none; `voice` is not \
                 an option; this plugin takes none"
            )
        );
    }
}

#[test]
fn a_typed_config_refuses_unknown_keys_before_the_constructor_runs() {
    let mut config = Config::new();
    config.insert("phrse", "x");
    let error = plugin("typed").create::<dyn Llm>(&config).err().unwrap();
    assert_eq!(error.to_string(), "llm/typed: `phrse` is not an option; did you mean `phrase`? choose from `phrase`");
}

// ── results ─────────────────────────────────────────────────────────────────────────────────────────────────────────

type Alias<T> = std::result::Result<T, std::io::Error>;

#[lk_plugin(kind = "llm", name = "boxed")]
fn boxed() -> Box<dyn Llm> {
    Box::new(Parrot("boxed"))
}

#[lk_plugin(kind = "llm", name = "opaque")]
fn opaque() -> impl Llm {
    Parrot("opaque")
}

#[lk_plugin(kind = "llm", name = "opaque-in-result")]
fn opaque_in_result() -> Result<impl Llm> {
    Ok(Parrot("opaque in result"))
}

#[lk_plugin(kind = "llm", name = "boxed-in-alias")]
fn boxed_in_alias() -> Alias<Box<dyn Llm>> {
    Ok(Box::new(Parrot("boxed in alias")))
}

#[test]
fn each_form_of_result_gives_the_instance() {
    assert_eq!(made("boxed"), "boxed");
    assert_eq!(made("opaque"), "opaque");
    assert_eq!(made("opaque-in-result"), "opaque in result");
    assert_eq!(made("boxed-in-alias"), "boxed in alias");
}

fn too_many() -> Error {
    Error::from_status(429, "too many requests").with_request_id("r7")
}

#[lk_plugin(kind = "llm", name = "fails-with-ours")]
fn fails_with_ours() -> Result<Parrot> {
    Err(too_many())
}

#[lk_plugin(kind = "llm", name = "fails-with-ours-boxed")]
fn fails_with_ours_boxed() -> Result<Parrot, Box<dyn std::error::Error + Send + Sync>> {
    Err(too_many().into())
}

#[lk_plugin(kind = "llm", name = "fails-with-io")]
fn fails_with_io() -> Alias<Parrot> {
    std::fs::File::open("/nonexistent/model.onnx").map(|_| Parrot("impossible"))
}

#[lk_plugin(kind = "llm", name = "fails-with-text")]
fn fails_with_text() -> Result<Parrot, String> {
    Err("the moon is wrong".to_owned())
}

#[test]
fn our_own_error_keeps_all_it_says_also_behind_a_box() {
    for name in ["fails-with-ours", "fails-with-ours-boxed"] {
        let error = failure(name);
        assert_eq!((error.kind(), error.status(), error.request_id()), (ErrorKind::ApiStatus, Some(429), Some("r7")));
        assert_eq!(error.message(), format!("llm/{name}: too many requests"));
        assert!(error.is_retryable());
        assert!(error.chain().is_empty(), "{:?}", error.chain());
    }
}

#[test]
fn other_errors_become_the_cause() {
    for (name, kind, cause) in [
        ("fails-with-io", ErrorKind::Io, "No such file or directory (os error 2)"),
        ("fails-with-text", ErrorKind::Plugin, "the moon is wrong"),
    ] {
        let error = failure(name);
        assert_eq!(error.kind(), kind);
        assert_eq!(error.to_string(), format!("llm/{name}: the plugin could not be made"));
        assert_eq!(error.chain(), [cause]);
    }
    let io = failure("fails-with-io");
    let source = std::error::Error::source(&io).unwrap();
    assert!(source.downcast_ref::<std::io::Error>().is_some(), "the cause keeps its type");
}

// ── places ──────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_plugin_inside_a_function_is_linked_whether_or_not_the_function_runs() {
    fn never_called() {
        #[lk_plugin(kind = "llm", name = "inside")]
        fn inside() -> Parrot {
            Parrot("inside")
        }
    }
    let _ = never_called;
    assert_eq!(made("inside"), "inside");
}

#[lk_plugin(kind = "llm", name = "first-name")]
#[lk_plugin(kind = "llm", name = "second-name")]
fn two_names() -> Parrot {
    Parrot("both")
}

#[test]
fn one_constructor_may_serve_several_names() {
    assert_eq!((made("first-name"), made("second-name")), ("both".to_owned(), "both".to_owned()));
    assert!(plugin("first-name").origin().line <= plugin("second-name").origin().line);
}

#[cfg(any())]
#[lk_plugin(kind = "llm", name = "cfg-above")]
fn cfg_above() -> Missing {}

#[lk_plugin(kind = "llm", name = "cfg-below")]
#[cfg(any())]
fn cfg_below() -> Missing {}

#[test]
fn what_cfg_removes_is_not_registered() {
    for name in ["cfg-above", "cfg-below"] {
        assert!(Registry::global().get(Kind::Llm, name).is_none(), "{name}");
    }
}

#[test]
fn the_constructor_stays_what_it_was() {
    assert_eq!(plain().0, "plain");
    assert_eq!(Parrot::new().0, "block");
}
