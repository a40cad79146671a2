//! Live streams as realtime sessions over a websocket, one after the other: what a session did not transcribe goes into
//! the next one.

use std::future::Future;
use std::pin::pin;

use lk_plugin::runtime::on_tokio;
use lk_plugin::{ErrorKind, EventSender, InputReceiver, RecognizeInput, RecognizeStream, Result, SpeechEvent};
use tokio::time::Instant;

use super::Call;
use crate::openai::client::Client;
use crate::openai::patience::Attempts;

mod conversation;
#[cfg(any(test, fuzzing))]
mod fuzzing;
mod ledger;
mod protocol;
mod session;
mod socket;

#[cfg(any(test, fuzzing))]
pub(super) use self::fuzzing::messages;

use self::conversation::Told;
use self::ledger::Ledger;
use self::session::{Outcome, Session};

pub(super) fn stream(client: Client, call: Call) -> RecognizeStream {
    RecognizeStream::from_fn(move |input, events| on_tokio(run(client, call, input, events)))
}

/// The way in, and what came that way.
struct Microphone {
    input: InputReceiver<RecognizeInput>,
    ledger: Ledger,
}

impl Microphone {
    /// Takes the next of what was pushed; waits for ever when there is no room for it or nothing to come.
    async fn listen(&mut self) -> Result<()> {
        if !self.ledger.wants_more() {
            std::future::pending::<()>().await;
        }
        let item = self.input.next().await;
        self.ledger.take(item)
    }

    /// Listens on while something else is done.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                heard = self.listen() => heard?,
            }
        }
    }
}

async fn run(
    client: Client,
    call: Call,
    input: InputReceiver<RecognizeInput>,
    mut events: EventSender<SpeechEvent>,
) -> Result<()> {
    let patience = client.patience(&call.options.connect);
    let mut attempts = Attempts::new(&patience);
    let mut microphone = Microphone { input, ledger: Ledger::default() };
    let mut told = Told::new(call);
    // Without any audio there is nothing to ask a server.
    while microphone.ledger.wants_more() && microphone.ledger.is_empty() {
        microphone.listen().await?;
    }
    if microphone.ledger.is_empty() {
        return Ok(());
    }
    loop {
        let opened = microphone.meanwhile(socket::open(&client, told.call(), &patience)).await?;
        let began = Instant::now();
        let failure = match opened {
            Ok(socket) => {
                let mut session = Session::new(socket, &client, &patience, &mut microphone, &mut told);
                match session.run(&mut events).await {
                    Ok(Outcome::Finished) => return Ok(()),
                    Ok(Outcome::TooOld) => continue,
                    Err(failure) => {
                        // It worked, and then it broke: that is not the same failure again.
                        if session.has_worked() || began.elapsed() > patience.stall {
                            attempts = Attempts::new(&patience);
                        }
                        failure
                    }
                }
            }
            Err(failure) => failure,
        };
        if failure.error.kind() == ErrorKind::Closed {
            return Err(failure.error);
        }
        microphone.meanwhile(attempts.after(failure)).await??;
    }
}
