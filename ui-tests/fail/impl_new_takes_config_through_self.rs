trait Named {
    type Config;
}

impl Named for Parrot {
    type Config = ();
}

struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
impl Parrot {
    fn new(config: <Self as Named>::Config) -> Self {
        let _ = config;
        Parrot
    }
}

fn main() {}
