fn new() -> u8 {
    0
}

fn main() {
    let _ = lk_plugin::plugins![new];
}
