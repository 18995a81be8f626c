//! The bookmark of a page (domain rule 12): behind which hit the next one begins, and in which
//! state of the register, so that what changes meanwhile neither repeats nor hides anybody.
//!
//! It holds nothing about what was asked, only a hash of it, and is sealed: one that was changed,
//! or that belongs to another question or another caller, is refused.

use serde::{Deserialize, Serialize};

use super::{Request, vraag::Vraag};
use crate::{
    domain::{Caller, Coordinaten, Datum, LeerbedrijfId, RegisterVersie, Tijdstip},
    operations::{
        Rules,
        seal::{seal, unseal},
    },
    replica::search::{Hit, KEEP_MS},
};

/// How long after the first page a cursor can be used (domain rule 12).
const VALID_S: u64 = 15 * 60;
// The rows of the first page must still be there then.
const _: () = assert!((VALID_S as i64) * 1000 < KEEP_MS);
/// First byte: which form it has.
const FORM: u8 = 1;

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::operations) struct Cursor {
    form: u8,
    /// The state of the register that the first page came from.
    pub(super) versie: RegisterNummer,
    /// The moment of the first page; every later one carries it on.
    pub(super) begonnen_op: Tijdstip,
    /// "Today" of the first page.
    pub(super) vandaag: Datum,
    /// From where the first page measured, in the exact bits.
    pub(super) punt: Option<(f64, f64)>,
    pub(super) totaal: u32,
    order: u64,
    id: LeerbedrijfId,
    /// What was asked, and by whom.
    vraag: [u8; 8],
    /// Which codes that was.
    codes: [u8; 8],
}

/// A version in few bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::operations) struct RegisterNummer {
    tijdlijn: u32,
    pub(super) nummer: u64,
}

/// Why a cursor is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Not one of ours, or not one of this question (signaalcode 160).
    Invalid,
    /// It was right once (signaalcode 161).
    Expired,
}

/// A later page as its cursor has it.
pub(super) struct Page<'a> {
    pub(super) request: &'a Request,
    pub(super) caller: &'a Caller,
    pub(super) rules: &'a Rules,
}

impl Page<'_> {
    /// The cursor behind a hit, by the version and the moment of the first page.
    pub(super) fn cursor(
        &self,
        vraag: &Vraag,
        state: (RegisterVersie, Tijdstip),
        totaal: u32,
        last: Hit,
    ) -> String {
        let (versie, begonnen_op) = state;
        let cursor = Cursor {
            form: FORM,
            versie: RegisterNummer {
                tijdlijn: versie.tijdlijn,
                nummer: versie.nummer,
            },
            begonnen_op,
            vandaag: vraag.vandaag,
            punt: vraag.query.punt.map(|punt| (punt.lat, punt.lon)),
            totaal,
            order: last.order,
            id: last.leerbedrijf_id,
            vraag: self.vraag_hash(),
            codes: codes_hash(vraag),
        };
        seal(self.rules, &cursor)
    }

    /// Reads a cursor of this question.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn read(
        &self,
        text: &str,
        versie: RegisterVersie,
        now: Tijdstip,
    ) -> Result<Cursor, Refused> {
        let cursor: Cursor = unseal(self.rules, text).ok_or(Refused::Invalid)?;
        if cursor.form != FORM || cursor.vraag != self.vraag_hash() {
            return Err(Refused::Invalid);
        }
        let old = now.seconds_since(cursor.begonnen_op) > VALID_S;
        if old || cursor.versie.tijdlijn != versie.tijdlijn || cursor.versie.nummer > versie.nummer
        {
            return Err(Refused::Expired);
        }
        Ok(cursor)
    }

    /// Of all that decides which hits there are and how they are ordered, and of who asks. The
    /// size of a page may change from one to the next, and so may what is shown of a hit.
    fn vraag_hash(&self) -> [u8; 8] {
        let Request {
            soort,
            naam,
            postcode,
            plaats,
            adres,
            straal_km,
            code,
            opleidingsnaam,
            leerweg,
            niveau,
            leerplaats_soort,
            met_vergoeding,
            beschikbaar_vanaf,
            beschikbaar_tot,
            minimum_plaatsen,
            sortering,
            pagina_grootte: _,
            cursor: _,
            met_praktijkopleiders: _,
            met_tellingen: _,
            met_toelichting: _,
            minimale_register_versie: _,
        } = self.request;
        let texts = [
            soort,
            naam,
            postcode,
            plaats,
            adres,
            straal_km,
            code,
            opleidingsnaam,
            leerweg,
            niveau,
            leerplaats_soort,
            beschikbaar_vanaf,
            beschikbaar_tot,
            minimum_plaatsen,
            sortering,
        ]
        .map(|field| crate::operations::present(field.as_deref()));
        let caller = self.caller;
        hash(&(texts, met_vergoeding, caller.afnemer_oin, caller.school_oin))
    }
}

impl Cursor {
    /// The hit behind which the next page begins.
    pub(super) fn last(&self) -> Hit {
        Hit {
            leerbedrijf_id: self.id,
            order: self.order,
            fits: true,
            since: None,
        }
    }

    pub(super) fn punt(&self) -> Option<Coordinaten> {
        self.punt.map(|(lat, lon)| Coordinaten { lat, lon })
    }

    /// Whether the codes asked for are still the same: when the register learned of other
    /// equivalents meanwhile, its first page was of another question.
    pub(super) fn has_codes_of(&self, vraag: &Vraag) -> bool {
        self.codes == codes_hash(vraag)
    }
}

fn codes_hash(vraag: &Vraag) -> [u8; 8] {
    let codes = vraag.codes.as_ref();
    hash(&codes.map(|codes| (&codes.eigen, &codes.equivalent)))
}

fn hash(value: &impl Serialize) -> [u8; 8] {
    // Only fails when memory does.
    let bytes = postcard::to_stdvec(value).unwrap_or_default();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let mut short = [0; 8];
    short.copy_from_slice(&digest.as_ref()[..8]);
    short
}
