//! Who runs the server: the one table of what is known about each provider.

use lk_plugin::ConfigValue;

/// A provider whose server speaks OpenAI's API. Each has its base URL, the variable of its key, and its default models;
/// whatever the config gives goes before that.
///
/// | preset | base URL | key |
/// |---|---|---|
/// | `openai` | `https://api.openai.com/v1`, or `OPENAI_BASE_URL` | `OPENAI_API_KEY` |
/// | `azure` | from `azure_endpoint`, or `AZURE_OPENAI_ENDPOINT` | `AZURE_OPENAI_API_KEY`, `AZURE_OPENAI_AD_TOKEN` |
/// | `cerebras` | `https://api.cerebras.ai/v1` | `CEREBRAS_API_KEY` |
/// | `cometapi` | `https://api.cometapi.com/v1` | `COMETAPI_API_KEY` |
/// | `deepseek` | `https://api.deepseek.com/v1` | `DEEPSEEK_API_KEY` |
/// | `fireworks` | `https://api.fireworks.ai/inference/v1` | `FIREWORKS_API_KEY` |
/// | `groq` | `https://api.groq.com/openai/v1` | `GROQ_API_KEY` |
/// | `letta` | `https://api.letta.com/v1` | `LETTA_API_KEY` |
/// | `meta` | `https://api.llama.com/compat/v1` | `LLAMA_API_KEY` |
/// | `nebius` | `https://api.studio.nebius.com/v1` | `NEBIUS_API_KEY` |
/// | `octo` | `https://text.octoai.run/v1` | `OCTOAI_TOKEN` |
/// | `ollama` | `http://localhost:11434/v1` | none is needed |
/// | `openrouter` | `https://openrouter.ai/api/v1` | `OPENROUTER_API_KEY` |
/// | `ovhcloud` | `https://oai.endpoints.kepler.ai.cloud.ovh.net/v1` | `OVHCLOUD_API_KEY` |
/// | `perplexity` | `https://api.perplexity.ai` | `PERPLEXITY_API_KEY` |
/// | `sambanova` | `https://api.sambanova.ai/v1` | `SAMBANOVA_API_KEY` |
/// | `telnyx` | `https://api.telnyx.com/v2/ai` | `TELNYX_API_KEY` |
/// | `together` | `https://api.together.xyz/v1` | `TOGETHER_API_KEY` |
/// | `x_ai` | `https://api.x.ai/v1` | `XAI_API_KEY` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ConfigValue)]
#[non_exhaustive]
pub enum Preset {
    /// OpenAI, and any other server with `base_url`.
    #[config(rename = "openai")]
    OpenAi,
    /// Azure OpenAI.
    Azure,
    /// Cerebras.
    Cerebras,
    /// CometAPI.
    #[config(rename = "cometapi")]
    CometApi,
    /// DeepSeek.
    #[config(rename = "deepseek")]
    DeepSeek,
    /// Fireworks.
    Fireworks,
    /// Groq.
    Groq,
    /// Letta; the model is the agent's id.
    Letta,
    /// Meta's Llama API.
    Meta,
    /// Nebius.
    Nebius,
    /// OctoAI.
    Octo,
    /// A local Ollama; it needs no key.
    Ollama,
    /// OpenRouter.
    #[config(rename = "openrouter")]
    OpenRouter,
    /// OVHcloud AI Endpoints.
    #[config(rename = "ovhcloud")]
    OvhCloud,
    /// Perplexity.
    Perplexity,
    /// SambaNova.
    #[config(rename = "sambanova")]
    SambaNova,
    /// Telnyx.
    Telnyx,
    /// Together.
    Together,
    /// xAI.
    #[config(rename = "x_ai")]
    XAi,
}

/// What is known about a preset.
#[derive(Debug)]
pub(crate) struct PresetFacts {
    /// Its name in configs.
    pub(crate) name: &'static str,
    /// Where its API is; none where every customer has a host of their own.
    pub(crate) base_url: Option<&'static str>,
    /// The variable that holds the key.
    pub(crate) key_variable: Option<&'static str>,
    /// What is sent as a key where none is needed.
    pub(crate) default_key: Option<&'static str>,
    /// The header that the key goes into.
    pub(crate) auth: Auth,
    /// Whether it holds a model to the schema of its tools.
    pub(crate) strict_tools: bool,
    /// Whether `OPENAI_ORG_ID` and `OPENAI_PROJECT_ID` are meant for it.
    pub(crate) openai_account: bool,
    pub(crate) llm_model: Option<&'static str>,
    pub(crate) stt_model: Option<&'static str>,
    pub(crate) tts_model: Option<&'static str>,
}

/// How a key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Auth {
    /// `Authorization: Bearer …`.
    Bearer,
    /// `api-key: …`, and paths with deployments.
    Azure,
}

/// A server that is OpenAI's but for its address, key and model.
const fn compatible(
    name: &'static str,
    base_url: &'static str,
    key_variable: &'static str,
    llm_model: &'static str,
) -> PresetFacts {
    PresetFacts {
        name,
        base_url: Some(base_url),
        key_variable: Some(key_variable),
        default_key: None,
        auth: Auth::Bearer,
        strict_tools: true,
        openai_account: false,
        llm_model: Some(llm_model),
        stt_model: None,
        tts_model: None,
    }
}

impl Preset {
    pub(crate) const fn facts(self) -> &'static PresetFacts {
        match self {
            Self::OpenAi => &OPENAI,
            Self::Azure => &AZURE,
            Self::Cerebras => &CEREBRAS,
            Self::CometApi => &COMETAPI,
            Self::DeepSeek => &DEEPSEEK,
            Self::Fireworks => &FIREWORKS,
            Self::Groq => &GROQ,
            Self::Letta => &LETTA,
            Self::Meta => &META,
            Self::Nebius => &NEBIUS,
            Self::Octo => &OCTO,
            Self::Ollama => &OLLAMA,
            Self::OpenRouter => &OPENROUTER,
            Self::OvhCloud => &OVHCLOUD,
            Self::Perplexity => &PERPLEXITY,
            Self::SambaNova => &SAMBANOVA,
            Self::Telnyx => &TELNYX,
            Self::Together => &TOGETHER,
            Self::XAi => &X_AI,
        }
    }
}

static OPENAI: PresetFacts = PresetFacts {
    openai_account: true,
    stt_model: Some("gpt-4o-mini-transcribe"),
    tts_model: Some("gpt-4o-mini-tts"),
    ..compatible("openai", "https://api.openai.com/v1", "OPENAI_API_KEY", "gpt-4.1")
};
static AZURE: PresetFacts = PresetFacts {
    base_url: None,
    auth: Auth::Azure,
    openai_account: true,
    stt_model: Some("gpt-4o-mini-transcribe"),
    tts_model: Some("gpt-4o-mini-tts"),
    ..compatible("azure", "", "AZURE_OPENAI_API_KEY", "gpt-4o")
};
static CEREBRAS: PresetFacts = PresetFacts {
    strict_tools: false,
    ..compatible("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY", "gpt-oss-120b")
};
static COMETAPI: PresetFacts =
    compatible("cometapi", "https://api.cometapi.com/v1", "COMETAPI_API_KEY", "gpt-5-chat-latest");
static DEEPSEEK: PresetFacts =
    compatible("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", "deepseek-chat");
static FIREWORKS: PresetFacts = compatible(
    "fireworks",
    "https://api.fireworks.ai/inference/v1",
    "FIREWORKS_API_KEY",
    "accounts/fireworks/models/llama-v3p3-70b-instruct",
);
static GROQ: PresetFacts = PresetFacts {
    stt_model: Some("whisper-large-v3-turbo"),
    ..compatible("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "openai/gpt-oss-120b")
};
// LiveKit has the whole path `…/v1/chat/completions` here, to which its client adds the same path again.
static LETTA: PresetFacts =
    PresetFacts { llm_model: None, ..compatible("letta", "https://api.letta.com/v1", "LETTA_API_KEY", "") };
static META: PresetFacts = compatible(
    "meta",
    "https://api.llama.com/compat/v1",
    "LLAMA_API_KEY",
    "Llama-4-Maverick-17B-128E-Instruct-FP8",
);
static NEBIUS: PresetFacts =
    compatible("nebius", "https://api.studio.nebius.com/v1", "NEBIUS_API_KEY", "Meta-Llama-3.1-70B-Instruct");
static OCTO: PresetFacts = compatible("octo", "https://text.octoai.run/v1", "OCTOAI_TOKEN", "llama-2-13b-chat");
static OLLAMA: PresetFacts = PresetFacts {
    key_variable: None,
    default_key: Some("ollama"),
    ..compatible("ollama", "http://localhost:11434/v1", "", "llama3.1")
};
static OPENROUTER: PresetFacts =
    compatible("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "auto");
static OVHCLOUD: PresetFacts = compatible(
    "ovhcloud",
    "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
    "OVHCLOUD_API_KEY",
    "gpt-oss-120b",
);
static PERPLEXITY: PresetFacts = compatible(
    "perplexity",
    "https://api.perplexity.ai",
    "PERPLEXITY_API_KEY",
    "llama-3.1-sonar-small-128k-chat",
);
static SAMBANOVA: PresetFacts = PresetFacts {
    strict_tools: false,
    ..compatible("sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY", "DeepSeek-R1-0528")
};
static TELNYX: PresetFacts =
    compatible("telnyx", "https://api.telnyx.com/v2/ai", "TELNYX_API_KEY", "Meta-Llama-3.1-70B-Instruct");
static TOGETHER: PresetFacts = compatible(
    "together",
    "https://api.together.xyz/v1",
    "TOGETHER_API_KEY",
    "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo",
);
static X_AI: PresetFacts = compatible("x_ai", "https://api.x.ai/v1", "XAI_API_KEY", "grok-3-fast");

#[cfg(test)]
#[expect(clippy::panic, reason = "a test stops at its first surprise")]
mod tests {
    use lk_plugin::ValueType;
    use lk_plugin::config::Value;

    use super::*;

    #[test]
    fn every_choice_has_its_own_row() {
        let ValueType::Choice(choices) = Preset::TYPE else { panic!("a preset is a choice") };
        for choice in choices {
            let preset = Preset::from_json(&Value::from(choice.name)).ok();
            assert_eq!(preset.map(|preset| preset.facts().name), Some(choice.name));
        }
    }
}
