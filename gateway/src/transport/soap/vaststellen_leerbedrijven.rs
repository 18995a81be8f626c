//! vaststellenLeerbedrijven over SOAP.

use super::{
    Bewerking,
    vaststellen_leerbedrijf::{gevonden, read_vraag},
};
use crate::{
    domain::{LeerbedrijfId, Operatie},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        vaststellen_leerbedrijven::{MAX_RIJEN, Request, Response, Rij, run},
    },
    soap::{BodyError, BodyReader, Lijst, Vorm, XmlWriter},
};

pub(super) struct VaststellenLeerbedrijven;

/// Type of `rijen`.
const RIJEN: Lijst = Lijst {
    soort: "VaststelRijenType",
    item: "rij",
    vorm: &Vorm {
        soort: "VaststelRijType",
        elementen: &[
            "kenmerk",
            "leerbedrijfId",
            "naam",
            "postcode",
            "huisnummer",
            "plaats",
            "land",
        ],
        lijsten: &[],
    },
    max: MAX_RIJEN,
};

impl Bewerking for VaststellenLeerbedrijven {
    const OPERATIE: Operatie = Operatie::VaststellenLeerbedrijven;
    const BULK: bool = true;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "VaststellenLeerbedrijvenRequestType",
        elementen: &["rijen", "minimaleRegisterVersie"],
        lijsten: &[("rijen", &RIJEN)],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        Ok(Request {
            rijen: vraag.list("rijen", |rij| {
                Ok(Rij {
                    kenmerk: rij.text("kenmerk")?,
                    vraag: read_vraag(rij)?,
                })
            })?,
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

    fn regels(request: &Request) -> usize {
        request.rijen.len()
    }

    fn leerbedrijf_ids(response: &Response) -> Vec<LeerbedrijfId> {
        response.leerbedrijf_ids()
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }

    fn write(response: &Response, w: &mut XmlWriter) {
        w.list(
            "resultaten",
            "resultaat",
            &response.resultaten,
            |w, resultaat| {
                w.opt_text("kenmerk", resultaat.kenmerk.as_deref());
                w.value("signaalcode", resultaat.signaalcode.code());
                w.opt_text("signaaltekst", resultaat.signaaltekst.as_deref());
                if let Some(leerbedrijf) = &resultaat.leerbedrijf {
                    w.element("leerbedrijf", |w| gevonden(w, leerbedrijf));
                }
            },
        );
    }
}
