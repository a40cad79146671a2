//! What to write instead of a word that nobody knows.

/// "choose from `llm`, …", with the most likely one in front when one is likely: one letter wrong, or one in three of a
/// longer name, or what the name begins with.
pub(crate) fn choose(given: &str, choices: &[&str]) -> String {
    if let [only] = choices {
        return format!("write `{only}`");
    }
    let list: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
    let list = format!("choose from {}", list.join(", "));
    match closest(given, choices) {
        Some(choice) => format!("did you mean `{choice}`? {list}"),
        None => list,
    }
}

/// The choice that was most likely meant, if one is likely.
pub(crate) fn closest<'c>(given: &str, choices: &[&'c str]) -> Option<&'c str> {
    let given = given.to_lowercase();
    let is_short = |choice: &str| given.len() >= 3 && choice.starts_with(&given);
    let distances = choices.iter().map(|choice| (strsim::damerau_levenshtein(&given, choice), *choice));
    let likely = distances.filter(|(distance, choice)| is_short(choice) || *distance <= (choice.len() / 3).max(1));
    likely.min().map(|(_, choice)| choice)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn one_letter_in_three_may_be_wrong() {
        let keys = ["kind", "license", "name"];
        for (given, meant) in [
            ("lisence", Some("license")),
            ("lcens", Some("license")),
            ("lens", None),
            ("KINT", Some("kind")),
            ("kant", None),
            ("lic", Some("license")),
            ("li", None),
            ("min", None),
        ] {
            assert_eq!(closest(given, &keys), meant, "{given}");
        }
    }
}
