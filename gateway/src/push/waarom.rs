//! Why a school did, or did not, hear of a mutatie by a subscription (domain §4).

use super::{Abonnement, Mandaten, feed::mutatie_id, relatie::Relatie};
use crate::{
    domain::{Code, Mutatie, Oin, Tijdstip, code_list},
    operations::Rules,
    replica::View,
};

code_list! {
    /// Waarom een school wel of niet van een mutatie hoorde.
    Waarom {
        /// It has a number.
        Gemeld = "GEMELD",
        /// The subscription is of another school.
        AndereSchool = "ANDERE_SCHOOL",
        /// The school has no bpvo that it matters to.
        GeenBpvo = "GEEN_BPVO",
        /// The subscription is not for this soort or code.
        Gefilterd = "GEFILTERD",
        /// The school gives no mandate.
        GeenMandaat = "GEEN_MANDAAT",
        /// The subscription was ended.
        Beeindigd = "BEEINDIGD",
        /// The subscription is younger.
        LaterAangemeld = "LATER_AANGEMELD",
        /// It is not numbered yet.
        NogNiet = "NOG_NIET",
        /// It would be told now, but was not then.
        NuWel = "NU_WEL",
    }
}

impl Waarom {
    /// In words, for the subscriber.
    #[must_use]
    pub const fn uitleg(self) -> &'static str {
        match self {
            Self::Gemeld => "dit abonnement heeft de mutatie een volgnummer gegeven",
            Self::AndereSchool => "het abonnement is alleen voor een andere school",
            Self::GeenBpvo => {
                "de school heeft op of na de ingangsdatum geen bpvo bij dit leerbedrijf waar de mutatie iets voor uitmaakt, of een gelijkwaardige erkenning of opvolger draagt de bpvo nog"
            }
            Self::Gefilterd => "het abonnement is niet voor deze soort of code",
            Self::GeenMandaat => "de school geeft de afnemer geen mandaat voor opvragenMutaties",
            Self::Beeindigd => "het abonnement is beëindigd",
            Self::LaterAangemeld => "het abonnement is aangemeld nadat de mutatie was vastgelegd",
            Self::NogNiet => {
                "de mutatie is nog niet verdeeld; vraag het over enkele seconden opnieuw"
            }
            Self::NuWel => {
                "nu zou de mutatie gemeld worden; toen zij verdeeld werd, was de bpvo er nog niet, of ontbrak het mandaat"
            }
        }
    }
}

/// What is judged by: the register and toegang of now.
#[derive(Debug, Clone, Copy)]
pub struct Oordeel<'a> {
    /// The register.
    pub view: &'a View,
    /// By which a loss of erkenning is judged.
    pub rules: Rules,
    /// Whose mutaties may be told.
    pub mandaten: Mandaten<'a>,
    /// The subscription.
    pub abonnement: &'a Abonnement,
    /// For which school it is asked.
    pub school_oin: Oin,
}

impl Oordeel<'_> {
    /// Why a mutatie that has no number has none. It was registered at this moment, in a commit that
    /// was fanned out or not.
    #[must_use]
    pub fn waarom_niet(&self, mutatie: &Mutatie, op: Tijdstip, verdeeld: bool) -> Waarom {
        let Self {
            abonnement,
            school_oin,
            ..
        } = *self;
        if abonnement.school_oin.is_some_and(|only| only != school_oin) {
            return Waarom::AndereSchool;
        }
        let relatie = Relatie {
            view: self.view,
            rules: self.rules,
        };
        let Some(geraakt) = relatie.of_mutatie(mutatie).remove(&school_oin) else {
            return Waarom::GeenBpvo;
        };
        let codes: Vec<Code> = geraakt.codes.into_iter().chain(mutatie.code).collect();
        if !abonnement.wants(mutatie.mutatie_soort, &codes) {
            return Waarom::Gefilterd;
        }
        if !self.mandaten.may_tell(abonnement, school_oin) {
            return Waarom::GeenMandaat;
        }
        if abonnement.aangemaakt_op > op {
            return Waarom::LaterAangemeld;
        }
        match (verdeeld, abonnement.is_open()) {
            (_, false) => Waarom::Beeindigd,
            (false, true) => Waarom::NogNiet,
            (true, true) => Waarom::NuWel,
        }
    }

    /// By which the school would know a mutatie.
    #[must_use]
    pub fn mutatie_id(&self, mutatie: &Mutatie) -> uuid::Uuid {
        mutatie_id(mutatie.mutatie_id, self.school_oin)
    }
}
