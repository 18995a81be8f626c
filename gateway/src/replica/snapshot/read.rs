//! Reading: once through, hashing on the way. Nothing of it is used before the seal was right.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
    sync::Arc,
    thread,
};

use aws_lc_rs::digest;
use serde::de::DeserializeOwned;

use super::{MAGIC, SCHEMA, Snapshot, SnapshotError, file_error};
use crate::{
    domain::{Code, Equivalent, LeerbedrijfId, Opleiding, RegisterVersie, School, Tijdstip},
    geo::Postcodegebied,
    log::TijdlijnBegin,
    replica::{
        BpvoSleutel, Stand, State, View,
        index::{Entries, INDEX_VERSION},
        state::decode,
    },
};

/// Bytes that come from the file at once.
const BUFFER_BYTES: usize = 1 << 18;

/// SHA-256 at the end.
const SEAL_BYTES: u64 = 32;

/// Where the file stops making sense; whether it was changed, the seal tells.
const CUT_SHORT: SnapshotError = SnapshotError::Damaged("it ends too early");
const OTHER_STATE: SnapshotError =
    SnapshotError::Damaged("what it holds is not what its writer had: the state hash differs");
const NONSENSE: SnapshotError = SnapshotError::Damaged("it holds what cannot be");

struct Reader {
    file: BufReader<Hashing>,
    /// Bytes before the seal that were not read yet: no length in the file can ask for more.
    left: u64,
}

/// Hashes whole buffers as they come from the file, up to the seal.
struct Hashing {
    file: File,
    digest: digest::Context,
    before_seal: u64,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let hashed = usize::try_from(self.before_seal).map_or(read, |left| left.min(read));
        self.digest.update(&buffer[..hashed]);
        self.before_seal -= hashed as u64;
        Ok(read)
    }
}

pub(super) fn whole(file: File, path: &Path) -> Result<Snapshot, SnapshotError> {
    let length = file.metadata().map_err(|e| file_error(path, e))?.len();
    let before_seal = length
        .checked_sub(SEAL_BYTES)
        .ok_or(SnapshotError::NoSnapshot)?;
    let hashing = Hashing {
        file,
        digest: digest::Context::new(&digest::SHA256),
        before_seal,
    };
    let mut reader = Reader {
        file: BufReader::with_capacity(BUFFER_BYTES, hashing),
        left: before_seal,
    };
    reader.snapshot().map_err(|error| match error {
        Failure::Snapshot(error) => error,
        Failure::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => CUT_SHORT,
        Failure::Io(error) => file_error(path, error),
    })
}

enum Failure {
    Io(io::Error),
    Snapshot(SnapshotError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<SnapshotError> for Failure {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error)
    }
}

impl Reader {
    fn snapshot(&mut self) -> Result<Snapshot, Failure> {
        if self.array::<8>()? != MAGIC {
            return Err(SnapshotError::NoSnapshot.into());
        }
        let found = self.u32()?;
        if found != SCHEMA {
            let needed = SCHEMA;
            return Err(SnapshotError::Schema { found, needed }.into());
        }
        let index_version = self.u32()?;
        let stand = self.stand()?;
        let tijdlijnen = self.tijdlijnen()?;
        let extra = self.blob()?;
        let (mut state, written_sums) = self.state()?;
        self.check_seal()?;
        // Beside what follows, which takes longer.
        let counted = state.clone();
        let counting = thread::spawn(move || counted.count_sums());
        if index_version != INDEX_VERSION {
            state.rebuild_index().map_err(|_| NONSENSE)?;
        }
        state.rebuild_bezettingen().map_err(|_| NONSENSE)?;
        state.rebuild_gazetteer().map_err(|_| NONSENSE)?;
        let search = state
            .search_index(stand.versie.nummer)
            .map_err(|_| NONSENSE)?;
        state.sums = match counting.join() {
            Ok(Ok(sums)) if sums.to_bytes() == written_sums => sums,
            _ => return Err(OTHER_STATE.into()),
        };
        Ok(Snapshot {
            view: View::loaded(state, stand, tijdlijnen.into(), search),
            extra,
        })
    }

    fn stand(&mut self) -> Result<Stand, Failure> {
        Ok(Stand {
            versie: RegisterVersie {
                tijdlijn: self.u32()?,
                nummer: self.number()?,
            },
            hash: self.array()?,
            tijdstip: Tijdstip::from_millis(i64::from_be_bytes(self.array()?)).ok_or(NONSENSE)?,
        })
    }

    fn tijdlijnen(&mut self) -> Result<Vec<TijdlijnBegin>, Failure> {
        let mut all = Vec::new();
        for _ in 0..self.number()? {
            all.push(TijdlijnBegin {
                tijdlijn: self.u32()?,
                na_nummer: self.number()?,
            });
        }
        Ok(all)
    }

    /// What was there, and the sums that the writer had of it.
    fn state(&mut self) -> Result<(State, [u8; 64]), Failure> {
        let mut state = State {
            erkenningen: self.number()?,
            people: self.number()?,
            ..State::default()
        };
        let written_sums = self.array()?;
        for _ in 0..self.number()? {
            let id = self.id()?;
            state.leerbedrijven.insert(id, self.shared_blob()?);
        }
        for _ in 0..self.number()? {
            let id = self.id()?;
            state.personen.insert(id, self.shared_blob()?);
        }
        for _ in 0..self.number()? {
            let sleutel: BpvoSleutel = self.array()?;
            state.bpvos.insert(sleutel, self.shared_blob()?);
        }
        let opleidingen: Vec<Opleiding> = self.decoded()?;
        state.opleidingen = opleidingen.into_iter().map(|o| (o.code, o)).collect();
        let equivalenten: Vec<(Code, Vec<Equivalent>)> = self.decoded()?;
        state.equivalenten = equivalenten
            .into_iter()
            .map(|(code, all)| (code, Arc::from(all)))
            .collect();
        let scholen: Vec<School> = self.decoded()?;
        state.scholen = scholen.into_iter().map(|s| (s.oin, s)).collect();
        for _ in 0..self.number()? {
            let gebied: Postcodegebied = self.decoded()?;
            if !gebied.is_well_formed() {
                return Err(NONSENSE.into());
            }
            state.gazetteer.set_gebied(Arc::new(gebied));
        }
        state.index.entries = self.entries()?;
        Ok((state, written_sums))
    }

    fn check_seal(&mut self) -> Result<(), Failure> {
        if self.left > 0 {
            return Err(SnapshotError::Damaged("it goes on after its end").into());
        }
        let mut seal = [0; SEAL_BYTES as usize];
        self.file.read_exact(&mut seal)?;
        let digest = self.file.get_ref().digest.clone().finish();
        if digest.as_ref() == seal {
            Ok(())
        } else {
            Err(SnapshotError::Damaged("its checksum is wrong").into())
        }
    }

    fn entries(&mut self) -> Result<Entries, Failure> {
        let mut entries = Entries::default();
        for _ in 0..self.number()? {
            entries.insert((self.number()?, self.u32()?));
        }
        Ok(entries)
    }

    fn id(&mut self) -> Result<LeerbedrijfId, Failure> {
        Ok(LeerbedrijfId::from_u32(self.u32()?).ok_or(NONSENSE)?)
    }

    fn decoded<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let content = self.blob()?;
        Ok(decode(&content).map_err(|_| NONSENSE)?)
    }

    fn shared_blob(&mut self) -> Result<Arc<[u8]>, Failure> {
        let length = self.length()?;
        // Straight into its place: most of the time goes here.
        let mut content: Arc<[u8]> = std::iter::repeat_n(0, length).collect();
        if let Some(bytes) = Arc::get_mut(&mut content) {
            self.file.read_exact(bytes)?;
        }
        Ok(content)
    }

    fn blob(&mut self) -> Result<Vec<u8>, Failure> {
        let mut content = vec![0; self.length()?];
        self.file.read_exact(&mut content)?;
        Ok(content)
    }

    /// The length of what comes next, which is taken from what is left.
    fn length(&mut self) -> Result<usize, Failure> {
        let length = self.u32()?;
        self.take(u64::from(length))?;
        Ok(usize::try_from(length).map_err(|_| NONSENSE)?)
    }

    fn number(&mut self) -> Result<u64, Failure> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, Failure> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        self.take(N as u64)?;
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn take(&mut self, bytes: u64) -> Result<(), Failure> {
        self.left = self.left.checked_sub(bytes).ok_or(CUT_SHORT)?;
        Ok(())
    }
}
