//! Scripted plugins of all four kinds: for tests, and for trying an agent without keys.
//!
//! Nothing here listens, thinks or speaks. Each plugin follows its config, keeps every promise of its kind's contract,
//! and does the same each time: no clock, no randomness, no network.
//!
//! | plugin | does | see |
//! |---|---|---|
//! | `stt/fake` | hears the next of its `transcripts`, whatever the audio | [`FakeSttConfig`] |
//! | `tts/fake` | hums a tone, or keeps silent, for as long as the text is | [`FakeTtsConfig`] |
//! | `llm/fake` | gives the next of its `replies`; calls a tool that the user names | [`FakeLlmConfig`] |
//! | `vad/fake` | hears speech at the times of `speech` | [`FakeVadConfig`] |
//!
//! ```
//! use lk_plugin::{ChatContext, ChatOptions, ChatRole, Config, Llm, Registry};
//! use lk_plugins as _;
//!
//! let mut config = Config::new();
//! config.insert("replies", vec!["hello", "you said {input}"]);
//! let llm = Registry::global().create::<dyn Llm>("fake", &config)?;
//!
//! let mut context = ChatContext::new();
//! context.add_message(ChatRole::User, "hi");
//! let answer = llm.chat(&context, &ChatOptions::default())?.collect_response();
//! assert_eq!(pollster::block_on(answer)?.text, "hello");
//!
//! context.add_message(ChatRole::User, "good bye");
//! let answer = llm.chat(&context, &ChatOptions::default())?.collect_response();
//! assert_eq!(pollster::block_on(answer)?.text, "you said good bye");
//! # Ok::<(), lk_plugin::Error>(())
//! ```

mod llm;
mod stt;
mod tts;
mod vad;

pub use self::llm::{FakeLlm, FakeLlmConfig};
pub use self::stt::{FakeStt, FakeSttConfig};
pub use self::tts::{FakeTts, FakeTtsConfig, FakeVoice};
pub use self::vad::{FakeVad, FakeVadConfig};
