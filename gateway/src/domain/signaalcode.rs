//! The one table of signaalcodes (domain §2): what an answer says about itself.

use serde::{Serialize, Serializer};

macro_rules! signaalcodes {
    ($($(#[$meta:meta])* $variant:ident = $code:literal, $text:literal, $ongeldig:literal;)+) => {
        /// A functional outcome. "Not found" and "not erkend" are answers, not errors
        /// (domain rule 1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Signaalcode {
            $($(#[$meta])* $variant,)+
        }

        impl Signaalcode {
            /// Every code, ascending.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The number in the contract.
            #[must_use]
            pub const fn code(self) -> u16 {
                match self { $(Self::$variant => $code),+ }
            }

            /// The text in the contract.
            #[must_use]
            pub const fn tekst(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Whether REST renders it as a problem with status 400 where the field is the
            /// request's own (domain §2, "Signaalcodes").
            #[must_use]
            pub const fn is_invalid_input(self) -> bool {
                match self { $(Self::$variant => $ongeldig),+ }
            }
        }
    };
}

signaalcodes! {
    /// Nothing to remark.
    GeenBijzonderheden = 0, "geen bijzonderheden", false;
    /// No such leerbedrijf; REST GET of it is 404.
    LeerbedrijfOnbekend = 100, "leerbedrijf onbekend", false;
    /// Not of the form `[1-9][0-9]{8}`.
    LeerbedrijfIdOngeldig = 101, "leerbedrijfId ongeldig", true;
    /// Historical, or answered for the successor.
    LeerbedrijfHistorisch = 102, "leerbedrijf historisch of opgevolgd", false;
    /// No such kwalificatie or keuzedeel.
    CodeOnbekend = 110, "code onbekend", false;
    /// Neither a crebo nor a keuzedeel.
    CodeOngeldig = 111, "code ongeldig", true;
    /// A dossier or domein.
    CodeGeenKwalificatie = 112, "code is geen kwalificatie of keuzedeel", false;
    /// Absent, or not a calendar date.
    DatumOngeldig = 120, "datum ongeldig", true;
    /// Outside 1900 to 2199.
    DatumBuitenBereik = 121, "datum buiten bereik", true;
    /// Nothing matched.
    GeenResultaat = 130, "geen resultaat", false;
    /// More matched than the answer shows.
    MeerResultaten = 131, "meer resultaten dan getoond", false;
    /// No such place.
    PlaatsOnbekend = 140, "plaats onbekend", false;
    /// Not a Dutch postcode.
    PostcodeOngeldig = 141, "postcode ongeldig", true;
    /// Not enough to search by.
    TeWeinigZoekgegevens = 150, "te weinig zoekgegevens", true;
    /// The fields contradict each other.
    ZoekgegevensStrijdig = 151, "zoekgegevens strijdig", true;
    /// Not a cursor of ours.
    CursorOngeldig = 160, "cursor ongeldig", true;
    /// Its register version is gone.
    CursorVerlopen = 161, "cursor verlopen", false;
    /// No such subscription.
    AbonnementOnbekend = 170, "abonnement onbekend", false;
    /// The feed begins later.
    VolgnummerVerlopen = 171, "volgnummer verlopen", false;
    /// A field of a subscription or of its feed, which has no code of its own; the signaaltekst
    /// names it.
    GegevensOngeldig = 172, "gegevens ongeldig", true;
    /// Refused as it stands.
    BpvoAfgekeurd = 180, "bpvo afgekeurd", false;
    /// Runs on after the erkenning.
    BpvoLangerDanErkenning = 181, "bpvo loopt langer dan de erkenning", false;
    /// SBB's own code: the caller has no licence.
    GeenLicentie = 996, "geen licentie", false;
}

impl Serialize for Signaalcode {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u16(self.code())
    }
}
