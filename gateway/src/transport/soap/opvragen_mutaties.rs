//! opvragenMutaties over SOAP.

use super::Bewerking;
use crate::{
    domain::Operatie,
    operations::{
        Answer, Context, Failure, Kop, MutatieBericht, Writing,
        opvragen_mutaties::{Request, Response, may_wait, run},
    },
    soap::{BodyError, BodyReader, Vorm, XmlWriter},
};

pub(super) struct OpvragenMutaties;

impl Bewerking for OpvragenMutaties {
    const OPERATIE: Operatie = Operatie::OpvragenMutaties;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "OpvragenMutatiesRequestType",
        elementen: &[
            "abonnementId",
            "na",
            "limiet",
            "wachtSeconden",
            "minimaleRegisterVersie",
        ],
        lijsten: &[],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        Ok(Request {
            abonnement_id: vraag.text("abonnementId")?,
            na: vraag.text("na")?,
            limiet: vraag.text("limiet")?,
            wacht_seconden: vraag.text("wachtSeconden")?,
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

    fn may_wait(request: &Request) -> bool {
        request.wacht_seconden.as_deref().is_some_and(may_wait)
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }

    fn write(response: &Response, w: &mut XmlWriter) {
        w.list(
            "mutaties",
            "mutatie",
            &response.mutaties,
            MutatieBericht::write,
        );
        w.opt_value("laatsteVolgnummer", response.laatste_volgnummer);
        w.opt_value("oudsteVolgnummer", response.oudste_volgnummer);
        w.value("meer", response.meer);
    }
}
