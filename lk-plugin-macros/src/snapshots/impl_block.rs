impl Energy {
    /// Hears energy.
    fn new(config: &Config) -> Self {
        Self
    }
}
#[doc(hidden)]
const __LK_PLUGIN_VAD_ENERGY: &'static agent::plugin::__private::StaticPlugin = {
    use agent::plugin::__private as __lk;
    #[allow(non_local_definitions)]
    #[doc(hidden)]
    #[macro_export]
    macro_rules! lk_plugin_vad_energy {
        () => {};
    }
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    const MEMBERS: &str = "\"format\":1,\"kind\":\"vad\",\"name\":\"energy\",\"version\":\"1.0.0\",\"package\":\"agent\",\"description\":\"Hears energy\",\"license\":\"MIT\",\"models\":[]";
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    const NOTE_LENGTH: usize = __lk::note::plugin_length(MEMBERS, &ENTRY);
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    #[used]
    #[unsafe(link_section = ".note.lk.plugin")]
    static NOTE: __lk::note::Note<NOTE_LENGTH> = __lk::note::plugin(MEMBERS, &ENTRY);
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    #[unsafe(link_section = "lk_plugin_vad_energy")]
    static LINKED: __lk::note::Linked = &NOTE.head;
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    static LINKED: __lk::note::Linked = ();
    #[cfg_attr(
        not(any(miri, target_family = "wasm")),
        __lk::linkme::distributed_slice(__lk::LK_PLUGIN_ENTRIES_V3),
        linkme(crate = __lk::linkme)
    )]
    static ENTRY: __lk::StaticPlugin = __lk::StaticPlugin {
        name: "energy",
        package: &__lk::StaticPackage {
            name: __lk::or_empty(__lk::option_env!("CARGO_PKG_NAME")),
            version: __lk::or_empty(__lk::option_env!("CARGO_PKG_VERSION")),
            license: __lk::Option::Some("MIT"),
        },
        description: "Hears energy",
        file: __lk::file!(),
        line: __lk::line!(),
        linked: &LINKED,
        models: &[],
        fields: __lk::Option::None,
        make: __lk::kinds::Vad::make(|
            config: &agent::plugin::Config,
        | -> __lk::StdResult<__lk::kinds::Vad::Instance, agent::plugin::Error> {
            use __lk::{FailedOther as _, SplitPlugin as _};
            match __lk::Returned(<Energy>::new(config)).split() {
                __lk::StdResult::Ok(plugin) => {
                    __lk::StdResult::Ok(<__lk::kinds::Vad::Object>::__instance(plugin))
                }
                __lk::StdResult::Err(error) => __lk::StdResult::Err(error.into_error()),
            }
        }),
    };
    &ENTRY
};
#[doc(hidden)]
impl Energy {
    #[doc(hidden)]
    pub const __LK_PLUGINS_OF_NEW: &'static [&'static agent::plugin::__private::StaticPlugin] = &[
        __LK_PLUGIN_VAD_ENERGY,
    ];
}
