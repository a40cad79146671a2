//! The plugin as an agent uses it: by its name.

use lk_plugin::conformance::assert_conforms;
use lk_plugin::{ChatContext, ChatOptions, ChatRole, Config, Llm, Registry, Result};

// Named, the crate is linked: its plugin registers itself.
use {{crate}} as _;

#[test]
fn it_keeps_the_contract() {
    assert_conforms("llm/{{name}}", &Config::new());
}

#[test]
fn answers_come_from_the_config() -> Result<()> {
    let config =
        Config::from_json(r#"{"answers": {"colour": "Blue."}, "otherwise": "Who knows?"}"#)?;
    let llm = Registry::global().create::<dyn Llm>("{{name}}", &config)?;
    for (question, answer) in [
        ("Name a COLOUR.", "Blue."),
        ("Name a number.", "Who knows?"),
    ] {
        let mut context = ChatContext::new();
        context.add_message(ChatRole::User, question);
        let chat = llm.chat(&context, &ChatOptions::default())?;
        assert_eq!(pollster::block_on(chat.collect_response())?.text, answer);
    }
    Ok(())
}
