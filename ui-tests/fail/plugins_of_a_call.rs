fn main() {
    let _ = lk_plugin::plugins![my_plugin::new()];
}
