const _: () = {
    use ::lk_plugin::__private as __lk;
    impl ::lk_plugin::ConfigValue for Turns {
        const TYPE: ::lk_plugin::ValueType = ::lk_plugin::ValueType::Choice(
            &[
                __lk::ConfigChoice::new("server_vad", "The provider listens."),
                __lk::ConfigChoice::new("off", ""),
            ],
        );
        fn from_json(
            value: &::lk_plugin::config::Value,
        ) -> __lk::StdResult<Self, ::lk_plugin::Mismatch> {
            match value.as_str() {
                __lk::Option::Some("server_vad") => __lk::StdResult::Ok(Self::ServerVad),
                __lk::Option::Some("off") => __lk::StdResult::Ok(Self::Disabled),
                _ => __lk::StdResult::Err(::lk_plugin::Mismatch::new()),
            }
        }
    }
};
