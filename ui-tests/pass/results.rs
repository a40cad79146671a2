use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, lk_plugin};

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> lk_plugin::Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

type Fallible = std::result::Result<Parrot, std::fmt::Error>;
type MyResult<T, E = String> = std::result::Result<T, E>;

#[lk_plugin(kind = "llm", name = "ours")]
fn ours() -> lk_plugin::Result<Parrot> {
    Ok(Parrot)
}

#[lk_plugin(kind = "llm", name = "spelled")]
fn spelled() -> Result<Parrot, lk_plugin::Error> {
    Ok(Parrot)
}

#[lk_plugin(kind = "llm", name = "io")]
fn io() -> std::io::Result<Parrot> {
    Ok(Parrot)
}

#[lk_plugin(kind = "llm", name = "string")]
fn string() -> Result<Parrot, String> {
    Ok(Parrot)
}

#[lk_plugin(kind = "llm", name = "str")]
fn text() -> Result<Parrot, &'static str> {
    Ok(Parrot)
}

#[lk_plugin(kind = "llm", name = "boxed")]
fn boxed() -> Result<Parrot, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Parrot)
}

#[lk_plugin(kind = "llm", name = "never")]
fn never() -> Result<Parrot, std::convert::Infallible> {
    Ok(Parrot)
}

#[lk_plugin(kind = "llm", name = "alias")]
fn alias() -> Fallible {
    Ok(Parrot)
}

#[lk_plugin(kind = "llm", name = "alias-with-default")]
fn alias_with_default() -> MyResult<Parrot> {
    Ok(Parrot)
}

#[lk_plugin(kind = "llm", name = "trailing-comma")]
fn trailing_comma() -> Result<Parrot, String,> {
    Ok(Parrot)
}

fn main() {
    for name in ["ours", "spelled", "io", "string", "str", "boxed", "never", "alias", "alias-with-default", "trailing-comma"] {
        let made = lk_plugin::Registry::global().create::<dyn Llm>(name, &lk_plugin::Config::new());
        assert!(made.is_ok(), "{:?}", made.err());
    }
}
