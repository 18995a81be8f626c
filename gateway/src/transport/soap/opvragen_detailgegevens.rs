//! opvragenDetailgegevens over SOAP.

use super::{Bewerking, parts};
use crate::{
    domain::{Eindreden, LeerbedrijfId, Operatie},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        opvragen_detailgegevens::{
            ContactpersoonDetail, Detail, ErkenningDetail, PraktijkopleiderDetail, Request,
            Response, run,
        },
    },
    soap::{BodyError, BodyReader, Vorm, XmlWriter},
};

pub(super) struct OpvragenDetailgegevens;

impl Bewerking for OpvragenDetailgegevens {
    const OPERATIE: Operatie = Operatie::OpvragenDetailgegevens;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "OpvragenDetailgegevensRequestType",
        elementen: &["leerbedrijfId", "minimaleRegisterVersie"],
        lijsten: &[],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        Ok(Request {
            leerbedrijf_id: vraag.text("leerbedrijfId")?,
            minimale_register_versie: vraag.text("minimaleRegisterVersie")?,
        })
    }

    fn minimale_register_versie(request: &Request) -> Option<&str> {
        request.minimale_register_versie.as_deref()
    }

    async fn run(
        ctx: &Context<'_>,
        _: &Writing<'_>,
        request: Request,
    ) -> Result<Answer<Response>, Failure> {
        Ok(run(ctx, request))
    }

    fn leerbedrijf_ids(response: &Response) -> Vec<LeerbedrijfId> {
        response.leerbedrijf_ids()
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }

    fn write(response: &Response, w: &mut XmlWriter) {
        if let Some(found) = &response.detail {
            w.element("detail", |w| detail(w, found));
        }
    }
}

fn detail(w: &mut XmlWriter, detail: &Detail) {
    w.value("leerbedrijfId", detail.leerbedrijf_id);
    w.text("naam", &detail.naam);
    w.opt_text("kvkNummer", detail.kvk_nummer.as_deref());
    w.opt_text(
        "kvkVestigingsnummer",
        detail.kvk_vestigingsnummer.as_deref(),
    );
    w.text("leerbedrijfStatus", detail.leerbedrijf_status.as_str());
    w.opt_value("opvolger", detail.opvolger);
    w.opt_value("opgevolgdPer", detail.opgevolgd_per);
    parts::adres(w, "vestigingsadres", &detail.vestigingsadres);
    parts::opt_adres(
        w,
        "correspondentieadres",
        detail.correspondentieadres.as_ref(),
    );
    w.opt_text("telefoonnummer", detail.telefoonnummer.as_deref());
    w.opt_text("emailadres", detail.emailadres.as_deref());
    w.opt_text("website", detail.website.as_deref());
    w.value("bijgewerktOp", detail.bijgewerkt_op);
    w.list(
        "contactpersonen",
        "contactpersoon",
        &detail.contactpersonen,
        contactpersoon,
    );
    w.list(
        "praktijkopleiders",
        "praktijkopleider",
        &detail.praktijkopleiders,
        praktijkopleider,
    );
    w.list("erkenningen", "erkenning", &detail.erkenningen, erkenning);
}

fn contactpersoon(w: &mut XmlWriter, persoon: &ContactpersoonDetail) {
    w.text("naam", &persoon.naam);
    w.opt_text("functie", persoon.functie.as_deref());
    w.opt_text("emailadres", persoon.emailadres.as_deref());
    w.opt_text("telefoonnummer", persoon.telefoonnummer.as_deref());
    w.value("bijgewerktOp", persoon.bijgewerkt_op);
}

/// A trainer, here and in what a search finds.
pub(super) fn praktijkopleider(w: &mut XmlWriter, persoon: &PraktijkopleiderDetail) {
    w.text("naam", &persoon.naam);
    w.opt_text("emailadres", persoon.emailadres.as_deref());
    w.opt_text("telefoonnummer", persoon.telefoonnummer.as_deref());
    w.list("codes", "code", &persoon.codes, XmlWriter::display);
    w.value("bijgewerktOp", persoon.bijgewerkt_op);
}

/// An erkenning, here and in what a search finds.
pub(super) fn erkenning(w: &mut XmlWriter, erkenning: &ErkenningDetail) {
    w.value("code", erkenning.code);
    w.opt_text("opleidingsnaam", erkenning.opleidingsnaam.as_deref());
    w.opt_value("niveau", erkenning.niveau);
    parts::leerwegen(w, &erkenning.leerwegen);
    w.value("startdatum", erkenning.startdatum);
    w.opt_value("einddatum", erkenning.einddatum);
    w.opt_text("reden", erkenning.reden.map(Eindreden::as_str));
    w.value("gedeeltelijk", erkenning.gedeeltelijk);
    w.list(
        "werkprocessen",
        "werkproces",
        &erkenning.werkprocessen,
        |w, werkproces| {
            w.text("code", &werkproces.code);
            w.text("naam", &werkproces.naam);
            w.value("uitvoerbaar", werkproces.uitvoerbaar);
        },
    );
    w.value("bijgewerktOp", erkenning.bijgewerkt_op);
}
