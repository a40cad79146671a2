fn main() {
    let _ = lk_plugin::plugins!["stt/openai"];
}
