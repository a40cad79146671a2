struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
impl Parrot {
    #[cfg(unix)]
    fn new() -> Self {
        Parrot
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Parrot
    }
}

fn main() {}
