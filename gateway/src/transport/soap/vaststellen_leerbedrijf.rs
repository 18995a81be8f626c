//! vaststellenLeerbedrijf over SOAP.

use super::{Bewerking, parts};
use crate::{
    domain::{LeerbedrijfId, Operatie},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        vaststellen_leerbedrijf::{Gevonden, MatchKwaliteit, Request, Response, run},
    },
    soap::{BodyError, BodyReader, Vorm, XmlWriter},
};

pub(super) struct VaststellenLeerbedrijf;

impl Bewerking for VaststellenLeerbedrijf {
    const OPERATIE: Operatie = Operatie::VaststellenLeerbedrijf;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "VaststellenLeerbedrijfRequestType",
        elementen: &[
            "leerbedrijfId",
            "naam",
            "postcode",
            "huisnummer",
            "plaats",
            "land",
            "minimaleRegisterVersie",
        ],
        lijsten: &[],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        let mut request = read_vraag(vraag)?;
        request.minimale_register_versie = vraag.text("minimaleRegisterVersie")?;
        Ok(request)
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
        w.list(
            "leerbedrijven",
            "leerbedrijf",
            &response.leerbedrijven,
            gevonden,
        );
        w.value("meerResultaten", response.meer_resultaten);
    }
}

/// The question itself, which a row of the bulk request has as well.
pub(super) fn read_vraag(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
    Ok(Request {
        leerbedrijf_id: vraag.text("leerbedrijfId")?,
        naam: vraag.text("naam")?,
        postcode: vraag.text("postcode")?,
        huisnummer: vraag.text("huisnummer")?,
        plaats: vraag.text("plaats")?,
        land: vraag.text("land")?,
        minimale_register_versie: None,
    })
}

/// One leerbedrijf that was found, as both operations answer it.
pub(super) fn gevonden(w: &mut XmlWriter, gevonden: &Gevonden) {
    w.value("leerbedrijfId", gevonden.leerbedrijf_id);
    w.text("naam", &gevonden.naam);
    w.text("leerbedrijfStatus", gevonden.leerbedrijf_status.as_str());
    w.opt_value("opvolger", gevonden.opvolger);
    w.opt_value("opgevolgdPer", gevonden.opgevolgd_per);
    parts::adres(w, "vestigingsadres", &gevonden.vestigingsadres);
    parts::opt_adres(
        w,
        "correspondentieadres",
        gevonden.correspondentieadres.as_ref(),
    );
    w.text("matchKwaliteit", match_kwaliteit(gevonden.match_kwaliteit));
    w.text("matchReden", &gevonden.match_reden);
}

fn match_kwaliteit(kwaliteit: MatchKwaliteit) -> &'static str {
    match kwaliteit {
        MatchKwaliteit::Exact => "EXACT",
        MatchKwaliteit::Waarschijnlijk => "WAARSCHIJNLIJK",
        MatchKwaliteit::Mogelijk => "MOGELIJK",
    }
}
