//! aanmeldenAbonnement over SOAP.

use super::{CODES, SOORTEN, antwoord, instellingen, laatste_instellingen};
use crate::{
    domain::Operatie,
    operations::{
        Answer, Context, Failure, Kop, Writing,
        abonnementen::{
            Response,
            aanmelden::{Request, run},
        },
    },
    soap::{BodyError, BodyReader, Vorm, XmlWriter},
    transport::soap::Bewerking,
};

pub(in crate::transport::soap) struct AanmeldenAbonnement;

impl Bewerking for AanmeldenAbonnement {
    const OPERATIE: Operatie = Operatie::AanmeldenAbonnement;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "AanmeldenAbonnementRequestType",
        elementen: &[
            "schoolOin",
            "kanaal",
            "eindpunt",
            "mutatieSoorten",
            "codes",
            "geheim",
            "minimaleRegisterVersie",
            "perBericht",
            "ed25519",
        ],
        lijsten: &[("mutatieSoorten", &SOORTEN), ("codes", &CODES)],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        let school_oin = vraag.text("schoolOin")?;
        let first = instellingen(vraag)?;
        let minimale_register_versie = vraag.text("minimaleRegisterVersie")?;
        Ok(Request {
            school_oin,
            instellingen: laatste_instellingen(vraag, first)?,
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
