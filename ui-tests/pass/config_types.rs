use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use lk_plugin::{Config, ConfigValue, LanguageCode, PluginConfig, Secret};

#[derive(PluginConfig)]
struct EveryType {
    #[config(default = true)]
    flag: bool,
    #[config(default = -0x80)]
    small: i8,
    #[config(default = 18_446_744_073_709_551_615)]
    large: u64,
    #[config(default = 1)]
    whole: f32,
    #[config(default = -1e3)]
    float: f64,
    #[config(default = "\u{e9} \"quoted\" \\ \n")]
    text: String,
    key: Option<Secret>,
    #[config(default = 0.25)]
    pause: Duration,
    #[config(default = "./voices")]
    path: PathBuf,
    #[config(default = "english")]
    language: LanguageCode,
    #[config(default = "server_vad")]
    turns: Turns,
    #[config(default = [[1, 2], []])]
    lists: Vec<Vec<u8>>,
    #[config(default = { "a": 1, "b": -2 })]
    map: BTreeMap<String, i32>,
    #[config(default = {})]
    other_map: HashMap<String, Vec<Turns>>,
    #[config(default = 7)]
    option: Option<u8>,
    nested: Nested,
    none: Option<Nested>,
    #[config(default = [])]
    many: Vec<Nested>,
    #[config(default = {})]
    named: BTreeMap<String, Nested>,
}

#[derive(PluginConfig)]
struct Nested {
    #[config(default = 3)]
    attempts: u32,
}

#[derive(Debug, PartialEq, ConfigValue)]
enum Turns {
    ServerVad,
    #[config(rename = "semantic-vad")]
    Semantic,
    r#None,
}

fn main() {
    let read = EveryType::from_config(&Config::new()).unwrap();
    assert!(read.flag && read.key.is_none() && read.none.is_none() && read.many.is_empty() && read.named.is_empty());
    assert_eq!((read.small, read.large, read.whole, read.float), (-128, u64::MAX, 1.0, -1000.0));
    assert_eq!((read.text.as_str(), read.pause), ("\u{e9} \"quoted\" \\ \n", Duration::from_millis(250)));
    assert_eq!((read.path, read.language.as_str(), read.turns), (PathBuf::from("./voices"), "en", Turns::ServerVad));
    assert_eq!((read.lists, read.map.len(), read.map["b"]), (vec![vec![1, 2], vec![]], 2, -2));
    assert_eq!((read.other_map.len(), read.option, read.nested.attempts), (0, Some(7), 3));
    let mut config = Config::new();
    config.insert_text("turns", "semantic-vad");
    assert_eq!(EveryType::from_config(&config).unwrap().turns, Turns::Semantic);
    config.insert_text("turns", "none");
    assert_eq!(EveryType::from_config(&config).unwrap().turns, Turns::None);
}
