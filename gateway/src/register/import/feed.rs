//! Reading and checking on a thread of its own, in parties of bounded size, so that a slow disk
//! or a slow source holds up nothing else.

use std::io::{self, Read};

use tokio::sync::mpsc;

use crate::{
    domain::Tijdstip,
    register::levering::{LeveringError, LeveringReader, Line, Summary, Voorloop},
};

/// Lines in a party: enough to make one look-up and one transaction worth while.
const LINES_PER_PARTY: usize = 2_000;

/// Parties between reader and writer: one being made, one waiting.
const PARTIES_AHEAD: usize = 1;

enum Message {
    Begin(Voorloop),
    Party(Vec<Line>),
    End(Box<Summary>),
    Failed(LeveringError),
}

/// A levering that is being read.
pub(super) struct Feed {
    messages: mpsc::Receiver<Message>,
    summary: Option<Box<Summary>>,
}

impl Feed {
    /// Starts the thread, which reads at most so many bytes, unpacked. It ends by itself when the feed is dropped.
    pub(super) fn start<R: Read + Send + 'static>(
        input: R,
        registratie: Tijdstip,
        most_bytes: u64,
    ) -> Self {
        let (send, messages) = mpsc::channel(PARTIES_AHEAD);
        std::thread::spawn(move || {
            if let Err(error) = read(input, registratie, most_bytes, &send) {
                // Nobody listens any more when the import was dropped.
                drop(send.blocking_send(Message::Failed(error)));
            }
        });
        Self {
            messages,
            summary: None,
        }
    }

    /// The first line; to be asked for first.
    pub(super) async fn voorloop(&mut self) -> Result<Voorloop, LeveringError> {
        match self.messages.recv().await {
            Some(Message::Begin(voorloop)) => Ok(voorloop),
            Some(Message::Failed(error)) => Err(error),
            _ => Err(stopped()),
        }
    }

    /// The next party; `None` when the levering was read whole and found right.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Line>>, LeveringError> {
        match self.messages.recv().await {
            Some(Message::Party(lines)) => Ok(Some(lines)),
            Some(Message::End(summary)) => {
                self.summary = Some(summary);
                Ok(None)
            }
            Some(Message::Failed(error)) => Err(error),
            _ => Err(stopped()),
        }
    }

    /// What the levering came to, after [`Self::next`] gave `None`.
    pub(super) fn summary(self) -> Result<Summary, LeveringError> {
        self.summary.map(|s| *s).ok_or_else(stopped)
    }
}

fn stopped() -> LeveringError {
    LeveringError::Read(io::Error::other("the reader stopped"))
}

fn read<R: Read>(
    input: R,
    registratie: Tijdstip,
    most_bytes: u64,
    send: &mpsc::Sender<Message>,
) -> Result<(), LeveringError> {
    let mut reader = LeveringReader::limited(input, registratie, most_bytes)?;
    if send
        .blocking_send(Message::Begin(reader.voorloop().clone()))
        .is_err()
    {
        return Ok(());
    }
    let mut party = Vec::with_capacity(LINES_PER_PARTY);
    while let Some(line) = reader.next_line()? {
        party.push(line);
        if party.len() == LINES_PER_PARTY {
            let full = std::mem::replace(&mut party, Vec::with_capacity(LINES_PER_PARTY));
            if send.blocking_send(Message::Party(full)).is_err() {
                return Ok(());
            }
        }
    }
    let summary = reader.into_summary().ok_or_else(stopped)?;
    for last in [Message::Party(party), Message::End(Box::new(summary))] {
        if send.blocking_send(last).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
