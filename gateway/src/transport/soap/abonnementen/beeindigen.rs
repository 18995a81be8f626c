//! beeindigenAbonnement over SOAP.

use super::antwoord;
use crate::{
    domain::Operatie,
    operations::{
        Answer, Context, Failure, Kop, Writing,
        abonnementen::{
            Response,
            beeindigen::{Request, run},
        },
    },
    soap::{BodyError, BodyReader, Vorm, XmlWriter},
    transport::soap::Bewerking,
};

pub(in crate::transport::soap) struct BeeindigenAbonnement;

impl Bewerking for BeeindigenAbonnement {
    const OPERATIE: Operatie = Operatie::BeeindigenAbonnement;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "BeeindigenAbonnementRequestType",
        elementen: &["abonnementId", "minimaleRegisterVersie"],
        lijsten: &[],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        Ok(Request {
            abonnement_id: vraag.text("abonnementId")?,
            minimale_register_versie: vraag.text("minimaleRegisterVersie")?,
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
