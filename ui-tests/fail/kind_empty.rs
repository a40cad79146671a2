struct Parrot;

#[lk_plugin::lk_plugin(kind = "", name = "parrot")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
