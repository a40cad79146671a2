struct Parrot;

#[lk_plugin::lk_plugin(name = "parrot")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
