//! The note about one plugin, from what the attribute knows and the entry that it wrote.

use super::json::Writer;
use super::{Note, PLUGIN, padded};
use crate::config::{ConfigField, ValueType};
use crate::plugin::StaticPlugin;

/// How many bytes of JSON and zeros the note has.
pub const fn plugin_length(members: &str, entry: &StaticPlugin) -> usize {
    let mut json = Writer::counting();
    write(&mut json, members, entry);
    padded(json.length())
}

/// The note; `N` is its [`plugin_length`].
pub const fn plugin<const N: usize>(members: &str, entry: &StaticPlugin) -> Note<N> {
    let mut bytes = [0; N];
    let mut json = Writer::into(&mut bytes);
    write(&mut json, members, entry);
    let length = json.length();
    Note::new(PLUGIN, bytes, length)
}

const fn write(json: &mut Writer<'_>, members: &str, entry: &StaticPlugin) {
    json.raw("{");
    json.raw(members);
    json.text_member("file", Some(entry.file));
    json.raw(",\"line\":");
    json.integer(entry.line as i128);
    json.raw(",\"fields\":");
    match entry.fields {
        Some(list) => fields(json, list),
        None => json.raw("null"),
    }
    json.raw("}");
}

const fn fields(json: &mut Writer<'_>, fields: &[ConfigField]) {
    json.raw("[");
    let mut index = 0;
    while index < fields.len() {
        if index > 0 {
            json.raw(",");
        }
        field(json, &fields[index]);
        index += 1;
    }
    json.raw("]");
}

/// What is not said of a field is left out.
const fn field(json: &mut Writer<'_>, field: &ConfigField) {
    json.raw("{\"type\":");
    value_type(json, &field.value_type);
    if field.rendered.0.is_empty() {
        said(json, field);
    } else {
        json.raw(",");
        json.raw(field.rendered.0);
    }
    // What may come from the type.
    if field.required {
        json.raw(",\"required\":true");
    }
    if field.secret {
        json.raw(",\"secret\":true");
    }
    json.text_member("unit", field.unit);
    json.raw("}");
}

/// What somebody says of a field who does not derive it.
const fn said(json: &mut Writer<'_>, field: &ConfigField) {
    json.text_member("name", Some(field.name));
    json.text_member("doc", Some(field.doc));
    json.text_member("default", field.default);
    json.text_member("env", field.env);
    json.text_member("min", field.min);
    json.text_member("max", field.max);
    if let Some(length) = field.min_length {
        json.name("min_length");
        json.integer(length as i128);
    }
    if let Some(length) = field.max_length {
        json.name("max_length");
        json.integer(length as i128);
    }
    json.raw(",\"choices\":[");
    let mut index = 0;
    while index < field.choices.len() {
        if index > 0 {
            json.raw(",");
        }
        json.text(field.choices[index]);
        index += 1;
    }
    json.raw("]");
}

/// A type is its name, or an object of its name and what is inside.
const fn value_type(json: &mut Writer<'_>, of: &ValueType) {
    match of {
        ValueType::Boolean => json.raw("\"boolean\""),
        ValueType::Integer { min, max } => integer(json, *min, *max),
        ValueType::Number => json.raw("\"number\""),
        ValueType::Seconds => json.raw("\"seconds\""),
        ValueType::String => json.raw("\"string\""),
        ValueType::Secret => json.raw("\"secret\""),
        ValueType::Url => json.raw("\"url\""),
        ValueType::Path => json.raw("\"path\""),
        ValueType::Table => json.raw("\"table\""),
        ValueType::Choice(choices) => {
            json.raw("{\"choice\":[");
            let mut index = 0;
            while index < choices.len() {
                json.raw(if index == 0 { "{\"name\":" } else { ",{\"name\":" });
                json.text(choices[index].name);
                json.text_member("doc", Some(choices[index].doc));
                json.raw("}");
                index += 1;
            }
            json.raw("]}");
        }
        ValueType::List(item) => inside(json, "{\"list\":", item),
        ValueType::Map(item) => inside(json, "{\"map\":", item),
        ValueType::Optional(inner) => inside(json, "{\"optional\":", inner),
        ValueType::Config(list) => {
            json.raw("{\"config\":");
            fields(json, list);
            json.raw("}");
        }
    }
}

/// The limits of Rust's types are known by heart: their digits are many.
const fn integer(json: &mut Writer<'_>, min: i128, max: i128) {
    const U32: i128 = u32::MAX as i128;
    const U64: i128 = u64::MAX as i128;
    match (min, max) {
        (0, U32) => json.raw("{\"integer\":{\"min\":0,\"max\":4294967295}}"),
        (0, U64) => json.raw("{\"integer\":{\"min\":0,\"max\":18446744073709551615}}"),
        _ => {
            json.raw("{\"integer\":{\"min\":");
            json.integer(min);
            json.raw(",\"max\":");
            json.integer(max);
            json.raw("}}");
        }
    }
}

const fn inside(json: &mut Writer<'_>, name: &str, inner: &ValueType) {
    json.raw(name);
    value_type(json, inner);
    json.raw("}");
}
