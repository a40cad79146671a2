//! `lk-go plugin show`, `schema` and `check`, and `doctor`, from outside.

#![expect(clippy::panic, reason = "a test stops at its first surprise")]

use std::error::Error;
use std::process::Output;

use integration_tests::program::{assert_refused, binary, lk_go, stderr, stdout};
use lk_plugin::Config;
use lk_plugin::config::Value;

mod providers;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const KEY: &str = "sk-not-a-real-key-4711";

fn run(arguments: &[&str]) -> Result<Output> {
    Ok(lk_go()?.args(arguments).output()?)
}

#[track_caller]
fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

/// Every plugin in the program, as `kind/name`.
fn specs() -> Result<Vec<String>> {
    let list = json(&run(&["plugin", "list", "--format", "json"])?);
    let plugins = list["plugins"].as_array().ok_or("a list")?;
    Ok(plugins.iter().map(|plugin| format!("{}/{}", plugin["kind"], plugin["name"]).replace('"', "")).collect())
}

/// A config as JSON, for the validator.
fn values(toml: &str) -> Result<Value> {
    let config = Config::from_toml(toml)?;
    Ok(config.keys().map(|key| (key.to_owned(), config.get(key).cloned().unwrap_or_default())).collect())
}

mod show {
    use super::*;

    #[test]
    fn every_example_is_valid_as_printed_and_with_each_of_its_keys() -> Result {
        let all = json(&run(&["plugin", "schema", "--all"])?);
        for spec in specs()? {
            let shown = json(&run(&["plugin", "show", &spec, "--format", "json"])?);
            let example = shown["plugins"][0]["example"].as_str().ok_or("an example")?;
            let schema = jsonschema::validator_for(&all["$defs"][&spec])?;
            let check = |toml: &str| -> Result {
                let outcome = schema.validate(&values(toml)?).map_err(|error| error.to_string());
                assert_eq!(outcome, Ok(()), "{spec}:\n{toml}");
                Ok(())
            };
            check(example)?;
            let mut count = 0;
            for line in example.lines().filter(|line| line.contains(" = ")) {
                let key = line.trim_start_matches("# ");
                // Prose has an equals sign in backticks at most.
                if key.split_once(" = ").is_some_and(|(key, _)| !key.contains([' ', '`'])) {
                    check(&example.replacen(&format!("{line}\n"), &format!("{key}\n"), 1))?;
                    count += 1;
                }
            }
            let fields = shown["plugins"][0]["fields"].as_array().ok_or("fields")?.len();
            assert!(count >= fields, "{spec}: {count} of {fields} keys");
        }
        Ok(())
    }

    #[test]
    fn the_example_makes_an_instance() -> Result {
        let folder = tempfile::TempDir::new()?;
        let file = folder.path().join("config.toml");
        let shown = json(&run(&["plugin", "show", "vad/silero", "--format", "json"])?);
        std::fs::write(&file, shown["plugins"][0]["example"].as_str().ok_or("an example")?)?;
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.wav");
        let used = lk_go()?.args(["vad", golden, "--config"]).arg(&file).output()?;
        assert_eq!(used.status.code(), Some(0), "{}", stderr(&used));
        Ok(())
    }

    #[test]
    fn what_an_instance_can_do_is_asked_of_one() -> Result {
        let text = stdout(&run(&["plugin", "show", "silero"])?);
        for line in [
            "vad/silero: Detects speech with the Silero model, which is built in",
            "license  Apache-2.0",
            "update_interval       0.032",
            "activation_threshold     number, 0 to 1, default 0.5",
            "# activation_threshold = 0.5",
        ] {
            assert!(text.lines().any(|found| found == line), "`{line}` is not in:\n{text}");
        }
        // The default follows another key.
        let set = run(&["plugin", "show", "vad/silero", "--set", "min_silence_duration=2", "--format", "json"])?;
        assert_eq!(json(&set)["plugins"][0]["capabilities"]["min_silence_duration"], 2.0);

        let speech = stdout(&run(&["plugin", "show", "vad/fake"])?);
        assert!(speech.contains(" list of seconds,") && !speech.contains("seconds in s"), "{speech}");

        let without = json(&run(&["plugin", "show", "stt/openai", "--format", "json"])?);
        let why = without["plugins"][0]["capabilities_unknown"].as_str().unwrap_or_default();
        assert!(why.starts_with("unknown until created: ") && why.contains("OPENAI_API_KEY"), "{why}");
        for (setting, problem) in
            [("foo=9", "`foo` is not an option"), ("activation_threshold=9", "between 0.0 and 1.0, but is `9.0`")]
        {
            for format in ["table", "json"] {
                let wrong = run(&["plugin", "show", "silero", "--format", format, "--set", setting])?;
                assert_eq!(wrong.status.code(), Some(3));
                assert!(
                    stderr(&wrong).contains(problem) && stdout(&wrong).contains("Detects speech"),
                    "{}",
                    stderr(&wrong)
                );
            }
        }
        let with = lk_go()?
            .args(["plugin", "show", "stt/openai", "--set", "use_realtime=true"])
            .env("OPENAI_API_KEY", KEY)
            .output()?;
        assert!(stdout(&with).contains("\ninterim_results     yes\n"), "{}", stdout(&with));
        assert!(!stdout(&with).contains(KEY));
        Ok(())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn of_a_file_nothing_runs() -> Result {
        let program = binary()?.to_str().ok_or("a path")?;
        let shown = json(&run(&["plugin", "show", program, "--format", "json"])?);
        let linked = json(&run(&["plugin", "list", "--format", "json"])?);
        let plugins = shown["plugins"].as_array().ok_or("plugins")?;
        assert_eq!(plugins.len(), linked["plugins"].as_array().ok_or("plugins")?.len());
        assert!(plugins.iter().all(|plugin| plugin["capabilities"].is_null()
            && plugin["capabilities_unknown"] == "unknown until loaded"
            && plugin["example"].is_string()));
        assert_refused(
            &run(&["plugin", "show", program, "--set", "a=b"])?,
            2,
            "a config is for a plugin that is loaded",
        );
        assert_refused(&run(&["plugin", "show", "/etc/passwd"])?, 4, "`/etc/passwd` is not an ELF file");
        assert_refused(&run(&["plugin", "show", "/bin/sh"])?, 4, "`/bin/sh` holds no plugin");
        assert_refused(&run(&["plugin", "show", "gone.so"])?, 4, "`gone.so` is not there");
        Ok(())
    }

    #[test]
    fn names_are_looked_up_with_help() -> Result {
        assert_refused(&run(&["plugin", "show", "vad/siler"])?, 5, "did you mean `silero`?");
        assert_refused(&run(&["plugin", "show", "siler"])?, 5, "there is no plugin `siler`; did you mean `silero`?");
        for command in ["show", "schema", "check", "download-files"] {
            let told = run(&["plugin", command, "vda/silero"])?;
            assert_refused(&told, 5, "there is no plugin `vda/silero`; did you mean `vad/silero`?");
            assert_refused(&run(&["plugin", command, "llm/openai/gpt-4o"])?, 5, "choose from `llm/openai`");
        }
        assert_eq!(run(&["plugin", "download-files", "silero", "--dry-run"])?.status.code(), Some(0));
        let several = "several plugins are called `fake`; write one of `llm/fake`, `stt/fake`, `tts/fake`, `vad/fake`";
        assert_refused(&run(&["plugin", "show", "fake"])?, 5, several);
        assert_refused(&run(&["plugin", "show"])?, 2, "<KIND/NAME|FILE>");
        Ok(())
    }
}

mod schema {
    use super::*;

    #[test]
    fn schemas_are_schemas_and_refuse_what_the_plugin_refuses() -> Result {
        let all = json(&run(&["plugin", "schema", "--all"])?);
        jsonschema::draft202012::meta::validate(&all).map_err(|error| error.to_string())?;
        for spec in specs()? {
            let one = json(&run(&["plugin", "schema", &spec])?);
            assert_eq!(one, all["$defs"][&spec]);
            assert_eq!(one["title"], spec.as_str());
            jsonschema::draft202012::meta::validate(&one).map_err(|error| error.to_string())?;
            let validator = jsonschema::validator_for(&one)?;
            assert!(!validator.is_valid(&values("no_such_key = 1")?), "{spec}");
        }
        let silero = jsonschema::validator_for(&all["$defs"]["vad/silero"])?;
        assert!(silero.is_valid(&values("activation_threshold = 0.6")?));
        assert!(!silero.is_valid(&values("activation_threshold = 6")?));
        Ok(())
    }

    #[test]
    fn something_must_be_named() -> Result {
        assert_refused(&run(&["plugin", "schema"])?, 2, "<KIND/NAME|FILE>");
        assert_refused(&run(&["plugin", "schema", "tts/fak"])?, 5, "did you mean `fake`?");
        Ok(())
    }
}

mod check {
    use super::*;

    #[test]
    fn all_built_ins_that_need_nothing_pass() -> Result {
        let checked = lk_go()?.args(["plugin", "check", "--format", "json"]).env("OPENAI_API_KEY", KEY).output()?;
        assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
        assert!(!stdout(&checked).contains(KEY));
        let document = json(&checked);
        let plugins = document["plugins"].as_array().ok_or("plugins")?;
        assert_eq!(plugins.len(), specs()?.len());
        for plugin in plugins {
            let name = plugin["plugin"].as_str().unwrap_or_default();
            let reason = plugin["reason"].as_str().unwrap_or_default();
            match (name.ends_with("/fake") || name == "vad/silero", name.ends_with("/openai")) {
                (true, _) => assert_eq!(plugin["status"], "passed", "{plugin}"),
                (_, true) => assert!(reason.starts_with("it would ask `api.openai.com`; name `"), "{plugin}"),
                _ => assert!(plugin["status"] == "not_checked" && reason.contains("is missing"), "{plugin}"),
            }
        }
        let silero = plugins.iter().find(|plugin| plugin["plugin"] == "vad/silero").ok_or("silero")?;
        let checks = silero["checks"].as_array().ok_or("checks")?;
        let passed = checks.iter().filter(|check| check["verdict"] == "passed").count();
        assert!(passed > 15 && checks.iter().any(|check| check["name"] == "edges-alternate"), "{silero}");
        Ok(())
    }

    #[test]
    fn a_plugin_made_of_others_passes_with_its_config() -> Result {
        let checked = run(&["plugin", "check", "stt/stream", "--set", "stt=fake"])?;
        assert_eq!(checked.status.code(), Some(0), "{}{}", stdout(&checked), stderr(&checked));
        assert!(stdout(&checked).contains("  passed\n"), "{}", stdout(&checked));
        Ok(())
    }

    #[test]
    fn what_cannot_be_checked_is_told() -> Result {
        let named = run(&["plugin", "check", "stt/openai", "vad/silero"])?;
        assert_eq!(named.status.code(), Some(3), "{}", stderr(&named));
        assert!(stdout(&named).contains("not checked: stt/openai: there is no API key"), "{}", stdout(&named));
        assert_refused(&run(&["plugin", "check", "vad/siler"])?, 5, "did you mean `silero`?");
        assert_refused(&run(&["plugin", "check", "--set", "a=b"])?, 2, "a config is for one plugin");
        let wrong = run(&["plugin", "check", "vad/silero", "--set", "activation_threshold=7"])?;
        // It was given: nobody needs to be told how.
        assert_eq!((wrong.status.code(), stderr(&wrong)), (Some(3), String::new()));
        Ok(())
    }
}

mod doctor {
    use super::*;

    #[test]
    fn what_is_here_is_told() -> Result {
        let healthy = lk_go()?.args(["doctor", "--format", "json"]).env("OPENAI_API_KEY", KEY).output()?;
        assert_eq!(healthy.status.code(), Some(0), "{}", stdout(&healthy));
        assert!(!stdout(&healthy).contains(KEY));
        let document = json(&healthy);
        assert_eq!(document["problems"], serde_json::json!([]));
        let state = |name: &str| {
            let plugins = document["plugins"].as_array().cloned().unwrap_or_default();
            plugins.iter().find(|plugin| plugin["plugin"] == name).map(|plugin| plugin["state"].clone())
        };
        assert_eq!(state("vad/silero"), Some("ready".into()));
        assert_eq!(state("llm/openai"), Some("ready".into()));
        assert_eq!(state("stt/stream"), Some("wants_config".into()));
        assert!(stdout(&run(&["doctor"])?).ends_with("\nno problems\n"));

        let told = lk_go()?.arg("doctor").env("LK_PLUGIN_STRICT", "1").env_remove("LK_MODEL_DIR").output()?;
        let words: Vec<Vec<String>> =
            stdout(&told).lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
        for line in ["LK_PLUGIN_STRICT set lk-go", "LK_MODEL_DIR not set lk-go"] {
            assert!(words.iter().any(|words| words.join(" ") == line), "`{line}` is not in:\n{}", stdout(&told));
        }
        Ok(())
    }

    #[test]
    fn a_model_folder_that_nobody_can_use_is_a_problem() -> Result {
        let sick = lk_go()?.arg("doctor").env("LK_MODEL_DIR", "models").output()?;
        assert_eq!(sick.status.code(), Some(1), "{}", stderr(&sick));
        assert!(stdout(&sick).contains("1  `LK_MODEL_DIR` is `models`, which depends on"), "{}", stdout(&sick));
        Ok(())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_wrong_is_told_with_what_to_do() -> Result {
        let sick = lk_go()?.arg("doctor").env("LK_PLUGIN_PATH", "/no/such/folder:relative").output()?;
        assert_eq!(sick.status.code(), Some(1), "{}", stderr(&sick));
        let text = stdout(&sick);
        for problem in [
            "1  on `LK_PLUGIN_PATH`, `/no/such/folder` is not there",
            "2  on `LK_PLUGIN_PATH`, `relative` is not absolute",
        ] {
            assert!(text.contains(problem), "`{problem}` is not in:\n{text}");
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_search_path_is_loaded_once_for_several_names() -> Result {
    let arguments = ["plugin", "check", "llm/fake", "vad/fake"];
    let checked = lk_go()?.args(arguments).env("LK_PLUGIN_PATH", "/no/such/folder").output()?;
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    assert_eq!(stderr(&checked).matches("`/no/such/folder` is not there").count(), 1, "{}", stderr(&checked));
    Ok(())
}
