#[derive(lk_plugin::PluginConfig)]
struct Cage {
    parrots: Vec<Parrot>,
}

#[derive(lk_plugin::PluginConfig)]
struct Parrot {
    cage: Option<Cage>,
}

fn main() {}
