//! The note about one plugin, from the entry that the attribute wrote.

use super::json::Writer;
use super::{FORMAT, Note, PLUGIN, padded};
use crate::config::{ConfigField, ValueType};
use crate::plugin::{ModelFile, StaticPlugin};

/// How many bytes of JSON and zeros the note has.
pub const fn plugin_length(entry: &StaticPlugin) -> usize {
    let mut json = Writer::<0>::new();
    write(&mut json, entry);
    padded(json.length())
}

/// The note; `N` is its [`plugin_length`].
pub const fn plugin<const N: usize>(entry: &StaticPlugin) -> Note<N> {
    let mut json = Writer::new();
    write(&mut json, entry);
    Note::new(PLUGIN, json)
}

const fn write<const N: usize>(json: &mut Writer<N>, entry: &StaticPlugin) {
    json.raw(b"{\"format\":");
    json.integer(FORMAT as i128);
    json.text_member("kind", Some(entry.make.kind().as_str()));
    json.text_member("name", Some(entry.name));
    json.text_member("version", Some(entry.version));
    json.text_member("package", Some(entry.package));
    json.text_member("description", Some(entry.description));
    json.text_member("license", entry.license);
    json.text_member("file", Some(entry.file));
    json.name("line");
    json.integer(entry.line as i128);
    json.name("models");
    models(json, entry.models);
    json.name("fields");
    match entry.fields {
        Some(list) => fields(json, list),
        None => json.raw(b"null"),
    }
    json.raw(b"}");
}

const fn models<const N: usize>(json: &mut Writer<N>, models: &[ModelFile]) {
    json.raw(b"[");
    let mut index = 0;
    while index < models.len() {
        let model = &models[index];
        json.raw(if index == 0 { b"{\"size\":" } else { b",{\"size\":" });
        json.integer(model.size as i128);
        json.text_member("name", Some(model.name));
        json.text_member("url", Some(model.url));
        json.text_member("sha256", Some(model.sha256));
        json.raw(b"}");
        index += 1;
    }
    json.raw(b"]");
}

const fn fields<const N: usize>(json: &mut Writer<N>, fields: &[ConfigField]) {
    json.raw(b"[");
    let mut index = 0;
    while index < fields.len() {
        if index > 0 {
            json.raw(b",");
        }
        field(json, &fields[index]);
        index += 1;
    }
    json.raw(b"]");
}

/// What is not said of a field is left out.
const fn field<const N: usize>(json: &mut Writer<N>, field: &ConfigField) {
    json.raw(b"{\"type\":");
    value_type(json, field.value_type);
    json.text_member("name", Some(field.name));
    if !field.doc.is_empty() {
        json.text_member("doc", Some(field.doc));
    }
    json.text_member("default", field.default);
    if field.required {
        json.raw(b",\"required\":true");
    }
    json.text_member("env", field.env);
    if field.secret {
        json.raw(b",\"secret\":true");
    }
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
    if !field.choices.is_empty() {
        json.name("choices");
        let mut index = 0;
        while index < field.choices.len() {
            json.raw(if index == 0 { b"[" } else { b"," });
            json.text(field.choices[index]);
            index += 1;
        }
        json.raw(b"]");
    }
    json.text_member("unit", field.unit);
    json.raw(b"}");
}

/// A type is its name, or an object of its name and what is inside.
const fn value_type<const N: usize>(json: &mut Writer<N>, of: ValueType) {
    match of {
        ValueType::Boolean => json.raw(b"\"boolean\""),
        ValueType::Integer { min, max } => {
            json.raw(b"{\"integer\":{\"min\":");
            json.integer(min);
            json.raw(b",\"max\":");
            json.integer(max);
            json.raw(b"}}");
        }
        ValueType::Number => json.raw(b"\"number\""),
        ValueType::Seconds => json.raw(b"\"seconds\""),
        ValueType::String => json.raw(b"\"string\""),
        ValueType::Secret => json.raw(b"\"secret\""),
        ValueType::Url => json.raw(b"\"url\""),
        ValueType::Path => json.raw(b"\"path\""),
        ValueType::Choice(choices) => {
            json.raw(b"{\"choice\":[");
            let mut index = 0;
            while index < choices.len() {
                json.raw(if index == 0 { b"{\"name\":" } else { b",{\"name\":" });
                json.text(choices[index].name);
                json.text_member("doc", Some(choices[index].doc));
                json.raw(b"}");
                index += 1;
            }
            json.raw(b"]}");
        }
        ValueType::List(item) => inside(json, b"{\"list\":", *item),
        ValueType::Map(item) => inside(json, b"{\"map\":", *item),
        ValueType::Optional(inner) => inside(json, b"{\"optional\":", *inner),
        ValueType::Config(list) => {
            json.raw(b"{\"config\":");
            fields(json, list);
            json.raw(b"}");
        }
    }
}

const fn inside<const N: usize>(json: &mut Writer<N>, name: &[u8], inner: ValueType) {
    json.raw(name);
    value_type(json, inner);
    json.raw(b"}");
}
