/// Hears with a model.
pub fn new(config: SttConfig) -> Result<OpenAiStt> {
    Ok(OpenAiStt(config))
}
#[doc(hidden)]
pub const __LK_PLUGINS_OF_NEW: &'static [&'static ::lk_plugin::__private::StaticPlugin] = {
    use ::lk_plugin::__private as __lk;
    #[allow(non_local_definitions)]
    #[doc(hidden)]
    #[macro_export]
    macro_rules! lk_plugin_stt_open_ai {
        () => {};
    }
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    const MEMBERS: &str = "\"format\":1,\"kind\":\"stt\",\"name\":\"open-ai\",\"version\":\"1.0.0\",\"package\":\"agent\",\"description\":\"Hears with a model\",\"license\":\"Apache-2.0\",\"models\":[{\"name\":\"m.onnx\",\"url\":\"https://example.com/m.onnx\",\"size\":5,\"sha256\":\"1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3\"}]";
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    const NOTE_LENGTH: usize = __lk::note::plugin_length(MEMBERS, &ENTRY);
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    #[used]
    #[unsafe(link_section = ".note.lk.plugin")]
    static NOTE: __lk::note::Note<NOTE_LENGTH> = __lk::note::plugin(MEMBERS, &ENTRY);
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    #[unsafe(link_section = "lk_plugin_stt_open_ai")]
    static LINKED: __lk::note::Linked = &NOTE.head;
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    static LINKED: __lk::note::Linked = ();
    #[cfg_attr(
        not(any(miri, target_family = "wasm")),
        __lk::linkme::distributed_slice(__lk::LK_PLUGIN_ENTRIES_V3),
        linkme(crate = __lk::linkme)
    )]
    static ENTRY: __lk::StaticPlugin = __lk::StaticPlugin {
        name: "open-ai",
        package: &__lk::StaticPackage {
            name: __lk::or_empty(__lk::option_env!("CARGO_PKG_NAME")),
            version: __lk::or_empty(__lk::option_env!("CARGO_PKG_VERSION")),
            license: __lk::option_env!("CARGO_PKG_LICENSE"),
        },
        description: "Hears with a model",
        file: __lk::file!(),
        line: __lk::line!(),
        linked: &LINKED,
        models: &[
            ::lk_plugin::ModelFile::new(
                "m.onnx",
                "https://example.com/m.onnx",
                5,
                "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
            ),
        ],
        fields: __lk::Option::Some(__lk::fields_of::<SttConfig>()),
        make: __lk::kinds::Stt::make(|
            config: &::lk_plugin::Config,
        | -> __lk::StdResult<__lk::kinds::Stt::Instance, ::lk_plugin::Error> {
            use __lk::{FailedOther as _, SplitPlugin as _};
            match __lk::Returned(new(__lk::read_config::<SttConfig>(config)?)).split() {
                __lk::StdResult::Ok(plugin) => {
                    __lk::StdResult::Ok(<__lk::kinds::Stt::Object>::__instance(plugin))
                }
                __lk::StdResult::Err(error) => __lk::StdResult::Err(error.into_error()),
            }
        }),
    };
    &[&ENTRY]
};
