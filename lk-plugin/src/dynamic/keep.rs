//! Descriptions of loaded plugins as the constants that linked ones have. They are kept for the life of the program, as
//! the file itself is: nothing is ever unloaded.

use crate::config::{ChoiceDescription, ConfigChoice, ConfigField, FieldDescription, TypeDescription, ValueType};
use crate::plugin::ModelFile;

use super::contents::ModelNote;

/// The fields of a plugin that is being loaded.
pub(crate) fn fields(fields: &[FieldDescription]) -> &'static [ConfigField] {
    fields.iter().map(field).collect::<Vec<_>>().leak()
}

/// The files that a plugin wants which is being loaded.
pub(crate) fn models(models: &[ModelNote]) -> &'static [ModelFile] {
    let model =
        |model: &ModelNote| ModelFile::new(text(&model.name), text(&model.url), model.size, text(&model.sha256));
    models.iter().map(model).collect::<Vec<_>>().leak()
}

fn field(field: &FieldDescription) -> ConfigField {
    let mut kept = ConfigField::new(text(&field.name), value_type(&field.value_type)).doc(text(&field.doc));
    kept.default = optional(&field.default);
    kept.required = field.required;
    kept.env = optional(&field.env);
    kept.secret = field.secret;
    kept.min = optional(&field.min);
    kept.max = optional(&field.max);
    kept.min_length = field.min_length;
    kept.max_length = field.max_length;
    kept.choices = field.choices.iter().map(|choice| text(choice)).collect::<Vec<_>>().leak();
    kept.unit = optional(&field.unit);
    kept
}

fn value_type(of: &TypeDescription) -> ValueType {
    match of {
        TypeDescription::Boolean => ValueType::Boolean,
        TypeDescription::Integer { min, max } => ValueType::Integer { min: *min, max: *max },
        TypeDescription::Number => ValueType::Number,
        TypeDescription::Seconds => ValueType::Seconds,
        TypeDescription::String => ValueType::String,
        TypeDescription::Secret => ValueType::Secret,
        TypeDescription::Url => ValueType::Url,
        TypeDescription::Path => ValueType::Path,
        TypeDescription::Table => ValueType::Table,
        TypeDescription::Choice(choices) => {
            let choice = |choice: &ChoiceDescription| ConfigChoice::new(text(&choice.name), text(&choice.doc));
            ValueType::Choice(choices.iter().map(choice).collect::<Vec<_>>().leak())
        }
        TypeDescription::List(item) => ValueType::List(boxed(item)),
        TypeDescription::Map(item) => ValueType::Map(boxed(item)),
        TypeDescription::Config(list) => ValueType::Config(fields(list)),
        TypeDescription::Optional(inner) => ValueType::Optional(boxed(inner)),
    }
}

fn boxed(of: &TypeDescription) -> &'static ValueType {
    Box::leak(Box::new(value_type(of)))
}

fn optional(of: &Option<String>) -> Option<&'static str> {
    of.as_deref().map(text)
}

fn text(text: &str) -> &'static str {
    String::leak(text.to_owned())
}
