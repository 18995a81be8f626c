//! wijzigenAbonnement over SOAP.

use super::{CODES, SOORTEN, antwoord, instellingen, laatste_instellingen};
use crate::{
    domain::Operatie,
    operations::{
        Answer, Context, Failure, Kop, Writing,
        abonnementen::{
            Response,
            wijzigen::{Request, run},
        },
    },
    soap::{BodyError, BodyReader, Vorm, XmlWriter},
    transport::soap::Bewerking,
};

pub(in crate::transport::soap) struct WijzigenAbonnement;

impl Bewerking for WijzigenAbonnement {
    const OPERATIE: Operatie = Operatie::WijzigenAbonnement;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "WijzigenAbonnementRequestType",
        elementen: &[
            "abonnementId",
            "kanaal",
            "eindpunt",
            "mutatieSoorten",
            "codes",
            "geheim",
            "status",
            "minimaleRegisterVersie",
            "perBericht",
            "ed25519",
            "proef",
        ],
        lijsten: &[("mutatieSoorten", &SOORTEN), ("codes", &CODES)],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        let abonnement_id = vraag.text("abonnementId")?;
        let first = instellingen(vraag)?;
        let status = vraag.text("status")?;
        let minimale_register_versie = vraag.text("minimaleRegisterVersie")?;
        Ok(Request {
            abonnement_id,
            instellingen: laatste_instellingen(vraag, first)?,
            status,
            proef: vraag.boolean("proef")?.unwrap_or(false),
            minimale_register_versie,
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
        antwoord(response, w);
    }
}
