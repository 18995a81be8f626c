//! The levering in memory: what can be a hit, and what an answer says besides.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    io::{self, BufReader},
    path::Path,
};

use stagepoort::{
    domain::{
        Bpvo, Code, Datum, Equivalent, FoldedNaam, Leerbedrijf, LeerbedrijfId, LeerbedrijfStatus,
        Oin, Opleiding, Personen, Tijdstip,
    },
    geo::Gazetteer,
    register::{
        Object,
        levering::{Content, LeveringReader},
    },
};

/// The register on one day.
pub(crate) struct Register {
    /// What "today" is.
    pub(crate) vandaag: Datum,
    /// With status ACT, by id.
    pub(crate) leerbedrijven: Vec<Bedrijf>,
    pub(crate) opleidingen: BTreeMap<Code, Opleiding>,
    pub(crate) equivalenten: Vec<Equivalent>,
    /// Of the addresses of all, historical ones too.
    pub(crate) gazetteer: Gazetteer,
    /// Running today.
    pub(crate) studenten: HashMap<LeerbedrijfId, BTreeMap<Oin, u32>>,
}

/// A leerbedrijf that can be a hit.
pub(crate) struct Bedrijf {
    pub(crate) leerbedrijf: Leerbedrijf,
    pub(crate) gevouwen: String,
    /// People who train for a code.
    pub(crate) opleiders: BTreeMap<Code, u32>,
}

impl Register {
    /// Reads a levering.
    pub(crate) fn read(path: &Path, now: Tijdstip) -> io::Result<Self> {
        let input = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut reader = LeveringReader::open(input, now).map_err(io::Error::other)?;
        let mut register = Self {
            vandaag: now.datum().map_err(io::Error::other)?,
            leerbedrijven: Vec::new(),
            opleidingen: BTreeMap::new(),
            equivalenten: Vec::new(),
            gazetteer: Gazetteer::default(),
            studenten: HashMap::new(),
        };
        while let Some(line) = reader.next_line().map_err(io::Error::other)? {
            match line.content {
                Content::Object(object) => register.add(object),
                Content::Gone(_) | Content::SetAside(_) => {
                    return Err(io::Error::other("the levering is not as it was made up"));
                }
            }
        }
        Ok(register)
    }

    fn add(&mut self, object: Object) {
        if let Object::Leerbedrijf(leerbedrijf, _) = &object {
            self.gazetteer.insert(&leerbedrijf.gegevens.vestigingsadres);
        }
        match object {
            Object::Opleiding(opleiding) => {
                self.opleidingen.insert(opleiding.code, opleiding);
            }
            Object::Equivalent(equivalent) => self.equivalenten.push(equivalent),
            Object::Leerbedrijf(leerbedrijf, personen)
                if leerbedrijf.kern.status == LeerbedrijfStatus::Actief =>
            {
                self.leerbedrijven
                    .push(Bedrijf::new(*leerbedrijf, &personen));
            }
            Object::Bpvo(bpvo) if runs_on(&bpvo, self.vandaag) => {
                let schools = self.studenten.entry(bpvo.leerbedrijf_id).or_default();
                *schools.entry(bpvo.school_oin).or_default() += 1;
            }
            Object::School(_) | Object::Leerbedrijf(..) | Object::Bpvo(_) => {}
        }
    }

    /// The niveau of an opleiding that has one.
    pub(crate) fn niveau(&self, code: Code) -> Option<u8> {
        self.opleidingen.get(&code).and_then(|o| o.niveau)
    }

    /// Ids of those that are erkend for something today.
    pub(crate) fn running(&self) -> Vec<LeerbedrijfId> {
        let runs = |bedrijf: &&Bedrijf| {
            let all = &bedrijf.leerbedrijf.kern.erkenningen;
            all.iter().any(|erkenning| erkenning.holds_on(self.vandaag))
        };
        self.leerbedrijven
            .iter()
            .filter(runs)
            .map(Bedrijf::id)
            .collect()
    }

    /// Every word of a name, once.
    pub(crate) fn words(&self) -> BTreeSet<&str> {
        let names = self.leerbedrijven.iter();
        names.flat_map(|b| b.gevouwen.split(' ')).collect()
    }
}

impl Bedrijf {
    fn new(mut leerbedrijf: Leerbedrijf, personen: &Personen) -> Self {
        // As an answer has them.
        leerbedrijf
            .kern
            .erkenningen
            .sort_by_key(|e| (e.code, e.startdatum));
        let leerplaatsen = &mut leerbedrijf.leerplaatsen;
        leerplaatsen.sort_by(|a, b| a.leerplaats_id.cmp(&b.leerplaats_id));
        let mut opleiders = BTreeMap::new();
        for opleider in &personen.praktijkopleiders {
            for code in &opleider.codes {
                *opleiders.entry(*code).or_default() += 1;
            }
        }
        Self {
            gevouwen: FoldedNaam::new(&leerbedrijf.kern.naam).as_str().to_owned(),
            leerbedrijf,
            opleiders,
        }
    }

    pub(crate) fn id(&self) -> LeerbedrijfId {
        self.leerbedrijf.kern.leerbedrijf_id
    }
}

/// Domain rule 10.
fn runs_on(bpvo: &Bpvo, dag: Datum) -> bool {
    let eind = bpvo.einddatum_werkelijk.unwrap_or(bpvo.einddatum_gepland);
    bpvo.begindatum <= dag && dag <= eind
}
