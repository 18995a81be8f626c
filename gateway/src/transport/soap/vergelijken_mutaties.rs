//! vergelijkenMutaties over SOAP.

use super::Bewerking;
use crate::{
    domain::Operatie,
    operations::{
        Answer, Context, Failure, Kop, Writing,
        vergelijken_mutaties::{InvoerStuk, MAX_STUKKEN, Request, Response, run},
    },
    soap::{BodyError, BodyReader, Lijst, Vorm, XmlWriter},
};

pub(super) struct VergelijkenMutaties;

/// Type of `stukken`.
const STUKKEN: Lijst = Lijst {
    soort: "InvoerStukkenType",
    item: "stuk",
    vorm: &Vorm {
        soort: "InvoerStukType",
        elementen: &["vanaf", "tot", "digest"],
        lijsten: &[],
    },
    max: MAX_STUKKEN,
};

impl Bewerking for VergelijkenMutaties {
    const OPERATIE: Operatie = Operatie::VergelijkenMutaties;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "VergelijkenMutatiesRequestType",
        elementen: &[
            "abonnementId",
            "totEnMet",
            "digest",
            "minimaleRegisterVersie",
            "stukken",
        ],
        lijsten: &[("stukken", &STUKKEN)],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        Ok(Request {
            abonnement_id: vraag.text("abonnementId")?,
            tot_en_met: vraag.text("totEnMet")?,
            digest: vraag.text("digest")?,
            minimale_register_versie: vraag.text("minimaleRegisterVersie")?,
            stukken: vraag.list("stukken", |stuk| {
                Ok(InvoerStuk {
                    vanaf: stuk.text("vanaf")?,
                    tot: stuk.text("tot")?,
                    digest: stuk.text("digest")?,
                })
            })?,
        })
    }

    fn minimale_register_versie(request: &Request) -> Option<&str> {
        request.minimale_register_versie.as_deref()
    }

    async fn run(
        ctx: &Context<'_>,
        writing: &Writing<'_>,
        request: Request,
    ) -> Result<Answer<Response>, Failure> {
        run(ctx, writing, request).await
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }

    fn write(response: &Response, w: &mut XmlWriter) {
        w.opt_value("gelijk", response.gelijk);
        w.list(
            "ontbrekend",
            "interval",
            &response.ontbrekend,
            |w, interval| {
                w.value("vanaf", interval.vanaf);
                w.value("tot", interval.tot);
            },
        );
        w.opt_value("laatsteVolgnummer", response.laatste_volgnummer);
        w.opt_value("oudsteVolgnummer", response.oudste_volgnummer);
    }
}
