struct Parrot;

#[lk_plugin::lk_plugin(kind = "lmm", name = "Parrot", vendor = "acme")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
