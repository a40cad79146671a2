//! `llm/openai`: chat completions, streamed.

use std::collections::BTreeMap;
use std::time::Duration;

use lk_plugin::{
    ChatContext, ChatOptions, ConfigValue, Error, Llm, LlmCapabilities, LlmStream, Result, lk_plugin,
};
use serde_json::{Map, Value};

use super::client::Client;
use super::connection::openai_config;
use super::pump::pumped;

mod assembler;
mod body;
mod calls;
mod family;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod messages;
mod schema;
mod stream;
mod think;
mod wire;

use self::stream::Job;

openai_config! {
    /// How the model answers, then where it is. What is not given is not sent, so the provider's own default holds. Names
    /// as in OpenAI's API and LiveKit's plugin.
    pub struct OpenAiLlmConfig {
        /// The model. Unless given, the preset's, such as `gpt-4.1`.
        model: Option<String>,
        /// How adventurous the words are. Left out for models that take none (`o1`, `o3`, `o4`, `gpt-5`).
        #[config(range = 0.0..=2.0)]
        temperature: Option<f64>,
        /// The share of likely words to choose from. Left out as `temperature` is.
        #[config(range = 0.0..=1.0)]
        top_p: Option<f64>,
        /// Against words that were used already. Left out as `temperature` is.
        #[config(range = -2.0..=2.0)]
        presence_penalty: Option<f64>,
        /// Against words by how often they were used already. Left out as `temperature` is.
        #[config(range = -2.0..=2.0)]
        frequency_penalty: Option<f64>,
        /// The most tokens of an answer, thoughts included.
        #[config(range = 1.., unit = "tokens")]
        max_completion_tokens: Option<u32>,
        /// How much to think: `none`, `minimal`, `low`, `medium`, `high`, or what else the provider knows. Unless given,
        /// the least that each `gpt-5` model can do, since a voice must not wait. Left out for `gpt-5.2` and `gpt-5.4`
        /// with tools, which refuse it.
        reasoning_effort: Option<String>,
        /// How long answers are.
        verbosity: Option<Verbosity>,
        /// Whether the model may call several tools at once, unless a call says otherwise.
        parallel_tool_calls: Option<bool>,
        /// `auto`, `required`, `none`, or the name of the tool to call, unless a call says otherwise. Without tools it is
        /// left out.
        tool_choice: Option<String>,
        /// Whether the provider is asked to hold the model to the schemas of its tools. Unless given, where the preset
        /// does. A schema with properties that may be missing is never sent as strict: the provider would refuse it.
        strict_tools: Option<bool>,
        /// Whether `<think>…</think>` is taken out of the text, with all in it: for models whose server leaves their
        /// thoughts in.
        #[config(default = false)]
        strip_thinking: bool,
        /// How long an attempt may wait for the first token, comments and other signs of life aside.
        #[config(default = 60.0, range = 0.001..=86400.0)]
        first_token_timeout: Duration,
        /// The class of service, such as `priority`.
        service_tier: Option<String>,
        /// Who the end user is, for the provider's abuse detection. (Older name of `safety_identifier`.)
        user: Option<String>,
        /// Who the end user is, for the provider's abuse detection; better a hash than a name.
        safety_identifier: Option<String>,
        /// What similar requests share, for the provider's cache.
        prompt_cache_key: Option<String>,
        /// How long the provider's cache keeps the prompt.
        prompt_cache_retention: Option<PromptCacheRetention>,
        /// Whether the provider keeps the answer.
        store: Option<bool>,
        /// What to note beside a stored answer.
        #[config(default = {})]
        metadata: BTreeMap<String, String>,
        /// OpenRouter: the address of your site, for its rankings.
        site_url: Option<String>,
        /// OpenRouter: the name of your app, for its rankings.
        app_name: Option<String>,
        /// More of the body: a JSON object as text, such as `{"top_k": 40}`, or `{"provider": {"sort": "latency"}}` for
        /// OpenRouter. Its keys go before all other options; `null` takes a key out, as in `{"stream_options": null}` for
        /// a server that refuses it. A call's own `extra` goes before it.
        extra_body: Option<String>,
    }
}

/// How long answers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ConfigValue)]
#[non_exhaustive]
pub enum Verbosity {
    /// Short.
    Low,
    /// As usual.
    Medium,
    /// Long.
    High,
}

/// How long the provider's cache keeps a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ConfigValue)]
#[non_exhaustive]
pub enum PromptCacheRetention {
    /// Minutes.
    InMemory,
    /// A day.
    #[config(rename = "24h")]
    Day,
}

/// A model behind a chat-completions endpoint.
///
/// An answer that breaks off is an error, never a success: whether before its first word (then there are other attempts),
/// in the middle of a tool call, or after words that have been delivered (then there are none, and the error is not
/// retryable: whoever asks again gets these words a second time).
#[derive(Debug)]
pub struct OpenAiLlm {
    client: Client,
    model: String,
    config: OpenAiLlmConfig,
    extra_body: Map<String, Value>,
}

#[lk_plugin(
    kind = "llm",
    name = "openai",
    description = "Asks models of OpenAI, Azure, Groq, Ollama, OpenRouter and other servers with OpenAI's API"
)]
impl OpenAiLlm {
    /// A model at the server of `config`. Reads the environment, connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`Config`](lk_plugin::ErrorKind::Config): no key (the message names the variable), no model, or an address that no
    /// request can go to.
    pub fn new(config: OpenAiLlmConfig) -> Result<Self> {
        let facts = config.preset.facts();
        let model = config.model.clone().filter(|model| !model.is_empty());
        let Some(model) = model.or_else(|| facts.llm_model.map(ToOwned::to_owned)) else {
            return Err(Error::config(format!("the preset `{}` has no model of its own; give `model`", facts.name)));
        };
        let mut connection = config.connection();
        for (option, header, value) in
            [("site_url", "HTTP-Referer", &config.site_url), ("app_name", "X-Title", &config.app_name)]
        {
            let Some(value) = value else { continue };
            if config.preset != super::Preset::OpenRouter {
                return Err(Error::config(format!(
                    "`{option}` is for OpenRouter alone, but the preset is `{}`; take it out",
                    facts.name
                )));
            }
            connection.extra_headers.insert(header.to_owned(), lk_plugin::Secret::new(value.as_str()));
        }
        let extra_body = match &config.extra_body {
            None => Map::new(),
            Some(json) => serde_json::from_str(json).map_err(|error| {
                Error::config("`extra_body` is not a JSON object; give one as text, such as `{\"top_k\": 40}`")
                    .with_source(error)
            })?,
        };
        Ok(Self { client: Client::new(connection)?, model, config, extra_body })
    }
}

impl Llm for OpenAiLlm {
    fn capabilities(&self) -> LlmCapabilities {
        LlmCapabilities::default().with_parallel_tool_calls(true).with_images(true).with_structured_output(true)
    }

    fn model(&self) -> &str {
        &self.model
    }

    /// The host of the base URL.
    fn provider(&self) -> &str {
        self.client.endpoint().host()
    }

    /// Asks for the next turn.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](lk_plugin::ErrorKind::InvalidInput): a schema or `extra` that is not JSON, an image that is neither
    /// `https:` nor `data:`. All else comes through the stream.
    fn chat(&self, context: &ChatContext, options: &ChatOptions) -> Result<LlmStream> {
        let body = body::body(self, context, options)?;
        let job = Job {
            client: self.client.clone(),
            model: self.model.clone(),
            body,
            connect: options.connect,
            first_token: self.config.first_token_timeout,
            strip_thinking: self.config.strip_thinking,
        };
        Ok(pumped(|chunks| job.run(chunks)))
    }

    fn prewarm(&self) {
        self.client.prewarm();
    }
}
