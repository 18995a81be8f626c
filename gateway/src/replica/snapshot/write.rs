//! Writing: numbers big-endian, every text and blob after its length.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use aws_lc_rs::digest;
use serde::Serialize;

use super::{MAGIC, SCHEMA};
use crate::replica::{
    View,
    index::{Entries, INDEX_VERSION},
};

/// Bytes that go to the file at once.
const BUFFER_BYTES: usize = 1 << 18;

/// Writes and hashes what passes.
struct Sealing<W> {
    inner: W,
    digest: digest::Context,
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

pub(super) fn whole(file: &File, view: &View, extra: &[u8]) -> io::Result<()> {
    let sealing = Sealing {
        inner: file,
        digest: digest::Context::new(&digest::SHA256),
    };
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, sealing);
    header(&mut out, view)?;
    blob(&mut out, extra)?;
    objects(&mut out, view)?;
    let mut sealing = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    let seal = sealing.digest.finish();
    sealing.inner.write_all(seal.as_ref())
}

fn header(out: &mut impl Write, view: &View) -> io::Result<()> {
    let stand = view.stand();
    out.write_all(&MAGIC)?;
    out.write_all(&SCHEMA.to_be_bytes())?;
    out.write_all(&INDEX_VERSION.to_be_bytes())?;
    out.write_all(&stand.versie.tijdlijn.to_be_bytes())?;
    out.write_all(&stand.versie.nummer.to_be_bytes())?;
    out.write_all(&stand.hash)?;
    out.write_all(&stand.tijdstip.as_millis().to_be_bytes())?;
    number(out, view.tijdlijnen().len() as u64)?;
    for begin in view.tijdlijnen().iter() {
        out.write_all(&begin.tijdlijn.to_be_bytes())?;
        number(out, begin.na_nummer)?;
    }
    Ok(())
}

fn objects(out: &mut impl Write, view: &View) -> io::Result<()> {
    let state = view.state();
    number(out, state.erkenningen)?;
    number(out, state.people)?;
    out.write_all(&state.sums.to_bytes())?;
    number(out, state.leerbedrijven.len() as u64)?;
    for (id, content) in &state.leerbedrijven {
        out.write_all(&id.as_u32().to_be_bytes())?;
        blob(out, content)?;
    }
    number(out, state.personen.len() as u64)?;
    for (id, content) in &state.personen {
        out.write_all(&id.as_u32().to_be_bytes())?;
        blob(out, content)?;
    }
    number(out, state.bpvos.len() as u64)?;
    for (sleutel, content) in &state.bpvos {
        out.write_all(sleutel)?;
        blob(out, content)?;
    }
    encoded(out, &state.opleidingen.values().collect::<Vec<_>>())?;
    // With the code, since the list of one code may be empty.
    let equivalenten = state.equivalenten.iter();
    encoded(
        out,
        &equivalenten.map(|(c, e)| (c, &e[..])).collect::<Vec<_>>(),
    )?;
    encoded(out, &state.scholen.values().collect::<Vec<_>>())?;
    // What addresses tell of places is counted anew when this is read.
    let gebieden = state.gazetteer.gebieden();
    number(out, gebieden.len() as u64)?;
    for gebied in gebieden {
        encoded(out, gebied.as_ref())?;
    }
    entries(out, &state.index.entries)
}

fn entries(out: &mut impl Write, entries: &Entries) -> io::Result<()> {
    number(out, entries.len() as u64)?;
    for (key, id) in entries {
        out.write_all(&key.to_be_bytes())?;
        out.write_all(&id.to_be_bytes())?;
    }
    Ok(())
}

fn encoded(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let content = postcard::to_stdvec(value).map_err(io::Error::other)?;
    blob(out, &content)
}

fn blob(out: &mut impl Write, content: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(content)
}

fn number(out: &mut impl Write, value: u64) -> io::Result<()> {
    out.write_all(&value.to_be_bytes())
}
