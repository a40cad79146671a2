struct Parrot;

#[lk_plugin::lk_plugin(kind = "lmm", name = "parrot")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
