struct Parrot;

#[lk_plugin::lk_plugin]
fn new() -> Parrot {
    Parrot
}

fn main() {}
