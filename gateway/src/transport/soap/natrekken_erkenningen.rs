//! natrekkenErkenningen over SOAP.

use super::{Bewerking, natrekken_erkenning::uitkomst};
use crate::{
    domain::{LeerbedrijfId, Operatie},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        natrekken_erkenningen::{MAX_VERZOEKEN, Request, Response, Verzoek, run},
    },
    soap::{BodyError, BodyReader, Lijst, Vorm, XmlWriter},
};

pub(super) struct NatrekkenErkenningen;

/// Type of `verzoeken`.
const VERZOEKEN: Lijst = Lijst {
    soort: "NatrekVerzoekenType",
    item: "verzoek",
    vorm: &Vorm {
        soort: "NatrekVerzoekType",
        elementen: &["kenmerk", "leerbedrijfId", "code", "peildatum"],
        lijsten: &[],
    },
    max: MAX_VERZOEKEN,
};

impl Bewerking for NatrekkenErkenningen {
    const OPERATIE: Operatie = Operatie::NatrekkenErkenningen;
    const BULK: bool = true;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "NatrekkenErkenningenRequestType",
        elementen: &["verzoeken", "minimaleRegisterVersie"],
        lijsten: &[("verzoeken", &VERZOEKEN)],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        Ok(Request {
            verzoeken: vraag.list("verzoeken", |verzoek| {
                Ok(Verzoek {
                    kenmerk: verzoek.text("kenmerk")?,
                    leerbedrijf_id: verzoek.text("leerbedrijfId")?,
                    code: verzoek.text("code")?,
                    peildatum: verzoek.text("peildatum")?,
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
        request.verzoeken.len()
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
                uitkomst(w, &resultaat.uitkomst);
            },
        );
    }
}
