#[cfg(unix)]
#[lk_plugin(kind = "tts", name = "both", __above(__LK_PLUGIN_LLM_BOTH))]
fn both() -> Parrot {
    Parrot
}
#[cfg(unix)]
#[doc(hidden)]
const __LK_PLUGIN_LLM_BOTH: &'static ::lk_plugin::__private::StaticPlugin = {
    use ::lk_plugin::__private as __lk;
    #[allow(non_local_definitions)]
    #[doc(hidden)]
    #[macro_export]
    macro_rules! lk_plugin_llm_both {
        () => {};
    }
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    const MEMBERS: &str = "\"format\":1,\"kind\":\"llm\",\"name\":\"both\",\"version\":\"1.0.0\",\"package\":\"agent\",\"description\":\"\",\"license\":\"Apache-2.0\",\"models\":[]";
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    const NOTE_LENGTH: usize = __lk::note::plugin_length(MEMBERS, &ENTRY);
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    #[used]
    #[unsafe(link_section = ".note.lk.plugin")]
    static NOTE: __lk::note::Note<NOTE_LENGTH> = __lk::note::plugin(MEMBERS, &ENTRY);
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    #[unsafe(link_section = "lk_plugin_llm_both")]
    static LINKED: __lk::note::Linked = &NOTE.head;
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    static LINKED: __lk::note::Linked = ();
    #[cfg_attr(
        not(any(miri, target_family = "wasm")),
        __lk::linkme::distributed_slice(__lk::LK_PLUGIN_ENTRIES_V3),
        linkme(crate = __lk::linkme)
    )]
    static ENTRY: __lk::StaticPlugin = __lk::StaticPlugin {
        name: "both",
        package: &__lk::StaticPackage {
            name: __lk::or_empty(__lk::option_env!("CARGO_PKG_NAME")),
            version: __lk::or_empty(__lk::option_env!("CARGO_PKG_VERSION")),
            license: __lk::option_env!("CARGO_PKG_LICENSE"),
        },
        description: "",
        file: __lk::file!(),
        line: __lk::line!(),
        linked: &LINKED,
        models: &[],
        fields: __lk::Option::Some(__lk::fields_of::<()>()),
        make: __lk::kinds::Llm::make(|
            config: &::lk_plugin::Config,
        | -> __lk::StdResult<__lk::kinds::Llm::Instance, ::lk_plugin::Error> {
            use __lk::{FailedOther as _, SplitPlugin as _};
            __lk::read_config::<()>(config)?;
            match __lk::Returned(both()).split() {
                __lk::StdResult::Ok(plugin) => {
                    __lk::StdResult::Ok(<__lk::kinds::Llm::Object>::__instance(plugin))
                }
                __lk::StdResult::Err(error) => __lk::StdResult::Err(error.into_error()),
            }
        }),
    };
    &ENTRY
};
