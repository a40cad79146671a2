//! Where the server is and how patient to be with it: the options that the three plugins share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use lk_plugin::Secret;
use lk_plugin::config::Url;

use super::preset::Preset;

/// The shared options, as [`openai_config!`] adds them to each plugin's config.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionConfig {
    pub(crate) preset: Preset,
    pub(crate) api_key: Option<Secret>,
    pub(crate) base_url: Option<Url>,
    pub(crate) organization: Option<String>,
    pub(crate) project: Option<String>,
    pub(crate) azure_endpoint: Option<Url>,
    pub(crate) azure_deployment: Option<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) azure_ad_token: Option<Secret>,
    pub(crate) extra_headers: BTreeMap<String, Secret>,
    pub(crate) extra_query: BTreeMap<String, Secret>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) connect_timeout: Duration,
    pub(crate) first_byte_timeout: Option<Duration>,
    pub(crate) stall_timeout: Option<Duration>,
    pub(crate) total_timeout: Option<Duration>,
    pub(crate) max_retry: Option<u32>,
    pub(crate) max_retry_after: Duration,
}

/// Writes a plugin's config: its own fields, then those of the connection, and `connection()`, which takes them out.
///
/// A config cannot be flattened into another one, and the fields must be the plugin's own: `api_key`, not
/// `connection.api_key`.
macro_rules! openai_config {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident { $($own:tt)* }) => {
        // First, so that `#[config(check = …)]` may be among the attributes.
        #[derive(Debug, Clone, lk_plugin::PluginConfig)]
        $(#[$attribute])*
        $visibility struct $name {
            $($own)*
            /// Who runs the server; decides where it is, which variable holds the key, and the default model.
            #[config(default = "openai")]
            preset: $crate::openai::Preset,
            /// The provider's key. Unless given, the variable of the preset, such as `OPENAI_API_KEY` or `GROQ_API_KEY`.
            /// It goes into the header of the preset, to the host of the base URL and nowhere else.
            api_key: Option<lk_plugin::Secret>,
            /// Where the API is, as in `http://localhost:8000/v1`. Unless given, the preset's; for `openai` first
            /// `OPENAI_BASE_URL`. With `http:` everyone on the way reads along, the key included.
            base_url: Option<lk_plugin::config::Url>,
            /// The organization that pays. Unless given, `OPENAI_ORG_ID` (for `openai` and `azure`).
            organization: Option<String>,
            /// The project that pays. Unless given, `OPENAI_PROJECT_ID` (for `openai` and `azure`).
            project: Option<String>,
            /// Azure: the resource, as in `https://name.openai.azure.com`. Unless given, `AZURE_OPENAI_ENDPOINT`.
            azure_endpoint: Option<lk_plugin::config::Url>,
            /// Azure: the deployment. Unless given, the model's name.
            azure_deployment: Option<String>,
            /// Azure: the version of the API, as in `2024-10-21`. Unless given, `OPENAI_API_VERSION`.
            api_version: Option<String>,
            /// Azure: a Microsoft Entra token, in place of a key. Unless given, `AZURE_OPENAI_AD_TOKEN`.
            azure_ad_token: Option<lk_plugin::Secret>,
            /// More headers, by name. They go to the host of the base URL alone, and are never shown.
            #[config(default = {})]
            extra_headers: std::collections::BTreeMap<String, lk_plugin::Secret>,
            /// More parameters of each URL's query, by name; never shown.
            #[config(default = {})]
            extra_query: std::collections::BTreeMap<String, lk_plugin::Secret>,
            /// A file of certificates (PEM) to trust beside the system's: for a server with a certificate of its own.
            ca_file: Option<std::path::PathBuf>,
            /// How long connecting may take: name, TCP and TLS.
            #[config(default = 10.0, range = 0.001..=86400.0)]
            connect_timeout: std::time::Duration,
            /// How long one attempt may wait for the first byte of the answer, connecting included. Unless given, the
            /// call's own `timeout` (10 s unless told).
            #[config(range = 0.001..=86400.0)]
            first_byte_timeout: Option<std::time::Duration>,
            /// How long an answer that has begun may stand still. Unless given, the call's own `timeout`.
            #[config(range = 0.001..=86400.0)]
            stall_timeout: Option<std::time::Duration>,
            /// How long the whole call may take, all attempts and pauses included. No limit unless given.
            #[config(range = 0.001..=86400.0)]
            total_timeout: Option<std::time::Duration>,
            /// How many attempts may follow the first. Unless given, the call's own `max_retry` (3 unless told).
            max_retry: Option<u32>,
            /// The longest pause that the server may ask for with `Retry-After`. When it asks for more, the call fails at
            /// once, with the server's error.
            #[config(default = 30.0, range = 0.0..=86400.0)]
            max_retry_after: std::time::Duration,
        }

        impl $name {
            pub(crate) fn connection(&self) -> $crate::openai::connection::ConnectionConfig {
                $crate::openai::connection::ConnectionConfig {
                    preset: self.preset,
                    api_key: self.api_key.clone(),
                    base_url: self.base_url.clone(),
                    organization: self.organization.clone(),
                    project: self.project.clone(),
                    azure_endpoint: self.azure_endpoint.clone(),
                    azure_deployment: self.azure_deployment.clone(),
                    api_version: self.api_version.clone(),
                    azure_ad_token: self.azure_ad_token.clone(),
                    extra_headers: self.extra_headers.clone(),
                    extra_query: self.extra_query.clone(),
                    ca_file: self.ca_file.clone(),
                    connect_timeout: self.connect_timeout,
                    first_byte_timeout: self.first_byte_timeout,
                    stall_timeout: self.stall_timeout,
                    total_timeout: self.total_timeout,
                    max_retry: self.max_retry,
                    max_retry_after: self.max_retry_after,
                }
            }
        }
    };
}

pub(crate) use openai_config;
