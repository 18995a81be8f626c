//! Subscriptions over SOAP: one file per operation, and what they share.

mod aanmelden;
mod beeindigen;
mod opvragen;
mod wijzigen;

pub(super) use aanmelden::AanmeldenAbonnement;
pub(super) use beeindigen::BeeindigenAbonnement;
pub(super) use opvragen::OpvragenAbonnementen;
pub(super) use wijzigen::WijzigenAbonnement;

use crate::{
    operations::abonnementen::{AbonnementDetail, Instellingen, MAX_CODES, MAX_SOORTEN, Response},
    soap::{BodyError, BodyReader, Lijst, TEKST, XmlWriter},
};

/// Type of `mutatieSoorten` in a request.
const SOORTEN: Lijst = Lijst {
    soort: "InvoerMutatieSoortenType",
    item: "mutatieSoort",
    vorm: &TEKST,
    max: MAX_SOORTEN,
};

/// Type of `codes` in a request.
const CODES: Lijst = Lijst {
    soort: "InvoerCodesType",
    item: "code",
    vorm: &TEKST,
    max: MAX_CODES,
};

/// The settings up to the geheim; what follows stands at the end of a request.
fn instellingen(vraag: &mut BodyReader<'_, '_>) -> Result<Instellingen, BodyError> {
    Ok(Instellingen {
        kanaal: vraag.text("kanaal")?,
        eindpunt: vraag.text("eindpunt")?,
        mutatie_soorten: vraag.texts("mutatieSoorten")?,
        codes: vraag.texts("codes")?,
        geheim: vraag.text("geheim")?,
        ..Instellingen::default()
    })
}

/// The settings that stand at the end.
fn laatste_instellingen(
    vraag: &mut BodyReader<'_, '_>,
    instellingen: Instellingen,
) -> Result<Instellingen, BodyError> {
    Ok(Instellingen {
        per_bericht: vraag.text("perBericht")?,
        ed25519: vraag.boolean("ed25519")?,
        ..instellingen
    })
}

fn antwoord(response: &Response, w: &mut XmlWriter) {
    if let Some(abonnement) = &response.abonnement {
        detail(w, abonnement);
    }
}

fn detail(w: &mut XmlWriter, abonnement: &AbonnementDetail) {
    w.value("abonnementId", abonnement.abonnement_id);
    w.opt_value("schoolOin", abonnement.school_oin);
    w.value("afnemerOin", abonnement.afnemer_oin);
    w.value("kanaal", abonnement.kanaal);
    w.opt_text("eindpunt", abonnement.eindpunt.as_deref());
    w.list(
        "mutatieSoorten",
        "mutatieSoort",
        &abonnement.mutatie_soorten,
        |w, soort| w.escaped(soort.as_str()),
    );
    w.list("codes", "code", &abonnement.codes, |w, code| {
        w.display(code);
    });
    w.value("status", abonnement.status);
    w.value("laatsteVolgnummer", abonnement.laatste_volgnummer);
    w.opt_value("oudsteOnbezorgdOp", abonnement.oudste_onbezorgd_op);
    w.opt_text("geheim", abonnement.geheim.as_deref());
    w.value("perBericht", abonnement.per_bericht);
    w.value("ed25519", abonnement.ed25519);
    w.opt_text("reden", abonnement.reden.as_deref());
    w.value("aangemaaktOp", abonnement.aangemaakt_op);
    w.value("volledigTotEnMet", abonnement.volledig_tot_en_met);
    w.value("oudsteVolgnummer", abonnement.oudste_volgnummer);
    w.opt_value("laatstePogingOp", abonnement.laatste_poging_op);
    w.opt_text(
        "laatstePogingUitkomst",
        abonnement.laatste_poging_uitkomst.as_deref(),
    );
    w.opt_value("faaltSinds", abonnement.faalt_sinds);
}
