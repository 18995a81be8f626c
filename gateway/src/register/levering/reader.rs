//! Reading a levering line by line, with the refusals that concern the whole of it.

use std::io::{self, Read};

use super::{
    Aantallen, FORMAAT_VERSIE, MAX_LEVERING_BYTES, MAX_LINE_BYTES, ObjectKey, ObjectSoort, Seen,
    Violation, Voorloop,
    check::{self, Basis},
    lines::Lines,
    parse::{self, RegelSoort},
    violation::{Findings, Pad},
    wire,
};
use crate::{
    domain::{InvalidDatum, Tijdstip},
    register::{Object, levering::LeveringSoort},
};

/// A line of a levering.
#[derive(Debug)]
pub struct Line {
    /// Its number, from 1.
    pub nummer: u64,
    /// What it says.
    pub content: Content,
}

/// What a line says.
#[derive(Debug)]
pub enum Content {
    /// This object is so.
    Object(Object),
    /// The object with this key is gone.
    Gone(ObjectKey),
    /// Something is wrong with the line.
    SetAside(SetAside),
}

/// A line with something wrong.
#[derive(Debug)]
pub struct SetAside {
    /// The kind of object, if it can be told.
    pub soort: Option<ObjectSoort>,
    /// The object's key, if it can be read: it then stays as it is.
    pub key: Option<ObjectKey>,
    /// All that is wrong.
    pub violations: Vec<Violation>,
}

/// What a whole levering came to.
#[derive(Debug)]
pub struct Summary {
    /// Lines by kind, as the last line says.
    pub aantallen: Aantallen,
    /// SHA-256 over all bytes before the last line.
    pub sha256: [u8; 32],
    /// Lines set aside.
    pub afgekeurd: u64,
    /// Every key that occurred, also on lines that were set aside.
    pub seen: Seen,
}

/// Why a levering is refused as a whole. Nothing of it is applied.
#[derive(Debug, thiserror::Error)]
pub enum LeveringError {
    /// The source refused.
    #[error("the levering could not be read")]
    Read(#[source] io::Error),
    /// The compressed bytes are damaged.
    #[error("the {soort} data is damaged after line {regels}")]
    Packed {
        /// `gzip` or `zstd`.
        soort: &'static str,
        /// Lines that could be read.
        regels: u64,
        /// What the decoder says.
        #[source]
        source: io::Error,
    },
    /// The compressed bytes stop too early.
    #[error("the levering is torn: the {soort} data breaks off after line {regels}")]
    Torn {
        /// `gzip` or `zstd`.
        soort: &'static str,
        /// Lines that could be read.
        regels: u64,
    },
    /// More bytes, once unpacked, than are taken.
    #[error(
        "the levering has more than {most} bytes once unpacked; if that is right, allow more (register.maximaleLeveringBytes, --maximale-bytes)"
    )]
    TooLarge {
        /// How many there may be.
        most: u64,
    },
    /// A line above the limit.
    #[error("line {regel} is longer than {MAX_LINE_BYTES} bytes: this is not a levering")]
    LineTooLong {
        /// Its number.
        regel: u64,
    },
    /// Nothing at all.
    #[error("the levering is empty")]
    Empty,
    /// The first line is something else.
    #[error("line {regel} is not a voorloop: this is not a levering")]
    NoVoorloop {
        /// The number of the first line that is not blank.
        regel: u64,
    },
    /// A format of the future.
    #[error("the levering has another formaatVersie: this program reads {FORMAAT_VERSIE}")]
    UnknownFormat,
    /// The first line has mistakes.
    #[error("the voorloop is not right: {}", joined(.0))]
    InvalidVoorloop(Vec<Violation>),
    /// A voorloop further on: two files run together.
    #[error("line {regel} is a second voorloop")]
    SecondVoorloop {
        /// Its number.
        regel: u64,
    },
    /// The same object on two lines.
    #[error("line {regel}: this {soort} occurred before in this levering")]
    Duplicate {
        /// The later line.
        regel: u64,
        /// The kind of object.
        soort: ObjectSoort,
    },
    /// No last line.
    #[error("the levering is torn: it ends after line {regels} without a sluit line")]
    NoSluit {
        /// Lines that could be read.
        regels: u64,
    },
    /// The last line has mistakes.
    #[error("the sluit line {regel} is not right: {}", joined(.violations))]
    InvalidSluit {
        /// Its number.
        regel: u64,
        /// What is wrong.
        violations: Vec<Violation>,
    },
    /// Other counts than the last line says.
    #[error("the sluit line counts {stated} lines of soort {soort}, the levering has {found}")]
    WrongCount {
        /// Which kind, or `alle`.
        soort: &'static str,
        /// By the last line.
        stated: u64,
        /// In the file.
        found: u64,
    },
    /// Other bytes than the last line says.
    #[error("the checksum in the sluit line does not fit the lines before it")]
    WrongChecksum,
    /// Something behind the last line.
    #[error("line {regel} comes after the sluit line")]
    AfterSluit {
        /// Its number.
        regel: u64,
    },
}

fn joined(violations: &[Violation]) -> String {
    let all: Vec<String> = violations.iter().map(ToString::to_string).collect();
    all.join("; ")
}

/// Reads one levering.
pub struct LeveringReader<R: Read> {
    lines: Lines<R>,
    voorloop: Voorloop,
    basis: Basis,
    found: Aantallen,
    /// Lines whose kind cannot be told.
    unknown: u64,
    afgekeurd: u64,
    seen: Seen,
    closed: Option<[u8; 32]>,
}

impl<R: Read> LeveringReader<R> {
    /// Reads the first line. `registratie` stands in for every `bijgewerktOp` that the source
    /// does not say.
    ///
    /// # Errors
    /// [`LeveringError`].
    pub fn open(input: R, registratie: Tijdstip) -> Result<Self, LeveringError> {
        Self::limited(input, registratie, MAX_LEVERING_BYTES)
    }

    /// The same, with at most so many bytes once they are unpacked.
    ///
    /// # Errors
    /// [`LeveringError`].
    pub fn limited(input: R, registratie: Tijdstip, most: u64) -> Result<Self, LeveringError> {
        let mut lines = Lines::open(input, most)?;
        if !lines.advance()? {
            return Err(LeveringError::Empty);
        }
        let voorloop = read_voorloop(&lines)?;
        let aanmaakdatum = voorloop
            .aanmaak_tijdstip
            .datum()
            .map_err(invalid_voorloop)?;
        Ok(Self {
            lines,
            voorloop,
            basis: Basis {
                registratie,
                aanmaakdatum,
            },
            found: Aantallen::default(),
            unknown: 0,
            afgekeurd: 0,
            seen: Seen::default(),
            closed: None,
        })
    }

    /// The first line.
    #[must_use]
    pub fn voorloop(&self) -> &Voorloop {
        &self.voorloop
    }

    /// The next line of an object; `None` once the last line was there and was right.
    ///
    /// # Errors
    /// [`LeveringError`].
    pub fn next_line(&mut self) -> Result<Option<Line>, LeveringError> {
        if self.closed.is_some() {
            return Ok(None);
        }
        if !self.lines.advance()? {
            return Err(LeveringError::NoSluit {
                regels: self.lines.nummer(),
            });
        }
        let (line, nummer) = (self.lines.line(), self.lines.nummer());
        let content = match parse::soort(line) {
            RegelSoort::Voorloop => return Err(LeveringError::SecondVoorloop { regel: nummer }),
            RegelSoort::Sluit => return self.close().map(|()| None),
            RegelSoort::Object(soort) => {
                self.found.add(soort);
                parse::object(line, soort, self.basis)
            }
            RegelSoort::Verwijderd => {
                self.found.verwijderd += 1;
                let allowed = self.voorloop.levering_soort == LeveringSoort::Mutaties;
                parse::verwijderd(line, allowed)
            }
            RegelSoort::Unknown => {
                self.unknown += 1;
                Content::SetAside(parse::unknown(line))
            }
        };
        self.note(nummer, &content)?;
        Ok(Some(Line { nummer, content }))
    }

    /// What it came to; `None` before the last line was read and found right.
    #[must_use]
    pub fn into_summary(self) -> Option<Summary> {
        let sha256 = self.closed?;
        Some(Summary {
            aantallen: self.found,
            sha256,
            afgekeurd: self.afgekeurd,
            seen: self.seen,
        })
    }

    /// Remembers the key, and refuses one that was there before.
    fn note(&mut self, regel: u64, content: &Content) -> Result<(), LeveringError> {
        let key = match content {
            Content::Object(object) => Some(ObjectKey::of(object)),
            Content::Gone(key) => Some(key.clone()),
            Content::SetAside(aside) => {
                self.afgekeurd += 1;
                aside.key.clone()
            }
        };
        match key {
            Some(key) if !self.seen.insert(&key) => Err(LeveringError::Duplicate {
                regel,
                soort: key.soort(),
            }),
            _ => Ok(()),
        }
    }

    /// Checks the last line, and that nothing comes after it.
    fn close(&mut self) -> Result<(), LeveringError> {
        let regel = self.lines.nummer();
        let mut f = Findings::default();
        let sluit: Option<wire::Sluit<'_>> = parse::json(&mut f, self.lines.line());
        let stated_hash = sluit.as_ref().and_then(|s| {
            let mut hash = [0_u8; 32];
            match hex::decode_to_slice(s.sha256.as_bytes(), &mut hash) {
                Ok(()) => Some(hash),
                Err(_) => f.add(
                    &Pad::Root.field("sha256"),
                    "moet uit 64 hexadecimale cijfers bestaan",
                ),
            }
        });
        let (Some(sluit), Some(stated_hash)) = (sluit, stated_hash) else {
            return Err(LeveringError::InvalidSluit {
                regel,
                violations: f.0,
            });
        };
        self.check_counts(&sluit.aantallen)?;
        let sha256 = self.lines.sha256_before();
        if stated_hash != sha256 {
            return Err(LeveringError::WrongChecksum);
        }
        self.found = sluit.aantallen;
        self.closed = Some(sha256);
        if self.lines.advance()? {
            return Err(LeveringError::AfterSluit {
                regel: self.lines.nummer(),
            });
        }
        Ok(())
    }

    /// Lines whose kind cannot be told may be of any kind, so that kinds may fall short by them.
    fn check_counts(&self, stated: &Aantallen) -> Result<(), LeveringError> {
        for ((soort, stated), (_, found)) in stated.iter().zip(self.found.iter()) {
            let at_most = found.saturating_add(self.unknown);
            if !(found..=at_most).contains(&stated) {
                return Err(LeveringError::WrongCount {
                    soort,
                    stated,
                    found,
                });
            }
        }
        let found = self.found.totaal() + self.unknown;
        if stated.totaal() != found {
            return Err(LeveringError::WrongCount {
                soort: "alle",
                stated: stated.totaal(),
                found,
            });
        }
        Ok(())
    }
}

fn read_voorloop<R: Read>(lines: &Lines<R>) -> Result<Voorloop, LeveringError> {
    /// Only what tells the format apart: a later one may have other fields.
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Versie<'a> {
        #[serde(borrow)]
        formaat_versie: wire::Tekst<'a>,
    }

    let line = lines.line();
    if parse::soort(line) != RegelSoort::Voorloop {
        return Err(LeveringError::NoVoorloop {
            regel: lines.nummer(),
        });
    }
    if let Ok(versie) = serde_json::from_slice::<Versie<'_>>(line)
        && *versie.formaat_versie != *FORMAAT_VERSIE
    {
        return Err(LeveringError::UnknownFormat);
    }
    let mut f = Findings::default();
    let voorloop = parse::json(&mut f, line).and_then(|w| check::voorloop(&mut f, w));
    voorloop.ok_or(LeveringError::InvalidVoorloop(f.0))
}

fn invalid_voorloop(error: InvalidDatum) -> LeveringError {
    LeveringError::InvalidVoorloop(vec![Violation {
        veld: "aanmaakTijdstip".to_owned(),
        reden: error.to_string().into(),
    }])
}
