fn main() {
    let _ = lk_plugin::Registry::global().create::<dyn Send>("parrot", &lk_plugin::Config::new());
}
