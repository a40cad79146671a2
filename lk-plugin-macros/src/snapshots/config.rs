const _: () = {
    use agent::plugin::__private as __lk;
    const A_CONFIG_CANNOT_CONTAIN_ITSELF: (
        &'static [agent::plugin::ConfigField],
        fn(&mut agent::plugin::config::ConfigReader<'_>) -> __lk::Option<Ears>,
    ) = (
        &[
            __lk::ConfigField::new("key", <String as __lk::ConfigValue>::TYPE)
                .doc("The provider's key.\n\nA \"secret\".")
                .env("EARS_API_KEY")
                .secret()
                .__rendered(
                    "\"name\":\"key\",\"doc\":\"The provider's key.\\u000a\\u000aA \\\"secret\\\".\",\"env\":\"EARS_API_KEY\"",
                ),
            __lk::ConfigField::new("rate", <u32 as __lk::ConfigValue>::TYPE)
                .doc("")
                .default_json("16000")
                .choices(&["8000", "16000"])
                .unit("Hz")
                .__rendered(
                    "\"name\":\"rate\",\"default\":\"16000\",\"choices\":[\"8000\",\"16000\"]",
                ),
            __lk::ConfigField::new("bias", <f64 as __lk::ConfigValue>::TYPE)
                .doc("")
                .default_json("-0.5")
                .min("-1.0")
                .max("1.0")
                .__rendered(
                    "\"name\":\"bias\",\"default\":\"-0.5\",\"min\":\"-1.0\",\"max\":\"1.0\"",
                ),
            __lk::ConfigField::new("attempts", <Option<u8> as __lk::ConfigValue>::TYPE)
                .doc("")
                .min("1")
                .__rendered("\"name\":\"attempts\",\"min\":\"1\""),
            __lk::ConfigField::new(
                    "known-words",
                    <Vec<String> as __lk::ConfigValue>::TYPE,
                )
                .doc("")
                .default_json("[\"yes\",\"no\"]")
                .min_length(1)
                .max_length(8)
                .__rendered(
                    "\"name\":\"known-words\",\"default\":\"[\\\"yes\\\",\\\"no\\\"]\",\"min_length\":1,\"max_length\":8",
                ),
            __lk::ConfigField::new(
                    "type",
                    <BTreeMap<String, u8> as __lk::ConfigValue>::TYPE,
                )
                .doc("")
                .default_json("{\"a\":1}")
                .max_length(4)
                .__rendered(
                    "\"name\":\"type\",\"default\":\"{\\\"a\\\":1}\",\"max_length\":4",
                ),
            __lk::ConfigField::new("retry", <Retry as __lk::ConfigValue>::TYPE)
                .doc("")
                .__rendered("\"name\":\"retry\""),
        ],
        |reader: &mut agent::plugin::config::ConfigReader<'_>| -> __lk::Option<Ears> {
            let field_0 = reader.field::<String>("key");
            let field_1 = reader.field::<u32>("rate");
            let field_2 = reader.field::<f64>("bias");
            let field_3 = reader.field::<Option<u8>>("attempts");
            let field_4 = reader.field::<Vec<String>>("known-words");
            let field_5 = reader.field::<BTreeMap<String, u8>>("type");
            let field_6 = reader.field::<Retry>("retry");
            let made = Ears {
                key: field_0?,
                rate: field_1?,
                bias: field_2?,
                attempts: field_3?,
                words: field_4?,
                r#type: field_5?,
                retry: field_6?,
            };
            reader.check(Ears::is_in_order(&made))?;
            __lk::Option::Some(made)
        },
    );
    const _: () = __lk::check::default_fits(&A_CONFIG_CANNOT_CONTAIN_ITSELF.0[1usize]);
    const _: () = __lk::check::unit_fits(&A_CONFIG_CANNOT_CONTAIN_ITSELF.0[1usize]);
    const _: () = __lk::check::choice_fits(
        &A_CONFIG_CANNOT_CONTAIN_ITSELF.0[1usize],
        0usize,
    );
    const _: () = __lk::check::choice_fits(
        &A_CONFIG_CANNOT_CONTAIN_ITSELF.0[1usize],
        1usize,
    );
    const _: () = __lk::check::default_fits(&A_CONFIG_CANNOT_CONTAIN_ITSELF.0[2usize]);
    const _: () = __lk::check::range_fits(&A_CONFIG_CANNOT_CONTAIN_ITSELF.0[2usize]);
    const _: () = __lk::check::range_end_fits(
        &A_CONFIG_CANNOT_CONTAIN_ITSELF.0[2usize],
        0usize,
    );
    const _: () = __lk::check::range_end_fits(
        &A_CONFIG_CANNOT_CONTAIN_ITSELF.0[2usize],
        1usize,
    );
    const _: () = __lk::check::range_fits(&A_CONFIG_CANNOT_CONTAIN_ITSELF.0[3usize]);
    const _: () = __lk::check::range_end_fits(
        &A_CONFIG_CANNOT_CONTAIN_ITSELF.0[3usize],
        0usize,
    );
    const _: () = __lk::check::default_fits(&A_CONFIG_CANNOT_CONTAIN_ITSELF.0[4usize]);
    const _: () = __lk::check::default_item_fits(
        &A_CONFIG_CANNOT_CONTAIN_ITSELF.0[4usize],
        0usize,
    );
    const _: () = __lk::check::default_item_fits(
        &A_CONFIG_CANNOT_CONTAIN_ITSELF.0[4usize],
        1usize,
    );
    const _: () = __lk::check::length_fits(&A_CONFIG_CANNOT_CONTAIN_ITSELF.0[4usize]);
    const _: () = __lk::check::default_fits(&A_CONFIG_CANNOT_CONTAIN_ITSELF.0[5usize]);
    const _: () = __lk::check::length_fits(&A_CONFIG_CANNOT_CONTAIN_ITSELF.0[5usize]);
    impl agent::plugin::PluginConfig for Ears {
        const FIELDS: &'static [agent::plugin::ConfigField] = A_CONFIG_CANNOT_CONTAIN_ITSELF
            .0;
        fn read(
            reader: &mut agent::plugin::config::ConfigReader<'_>,
        ) -> __lk::Option<Self> {
            (A_CONFIG_CANNOT_CONTAIN_ITSELF.1)(reader)
        }
    }
    impl agent::plugin::ConfigValue for Ears {
        const TYPE: agent::plugin::ValueType = agent::plugin::ValueType::Config(
            <Ears as agent::plugin::PluginConfig>::FIELDS,
        );
        fn from_json(
            value: &agent::plugin::config::Value,
        ) -> __lk::StdResult<Self, agent::plugin::Mismatch> {
            __lk::read_nested(value)
        }
        fn read_value(
            reader: &mut agent::plugin::config::ConfigReader<'_>,
        ) -> __lk::Option<Self> {
            reader.config()
        }
    }
};
