//! POST /v1/abonnementen: aanmeldenAbonnement.

use super::{
    abonnement::{self, PAD, VELDEN},
    call::Reply,
    endpoint::{Endpoint, Methode, Uitkomst, Verzoek as Body, Voorbeeld},
    json::JsonLimits,
    posted::Posted,
    problem::Problem,
    violation::Overtredingen,
};
use crate::{
    domain::Operatie,
    operations::{
        Answer, Context, Failure, Kop, Writing,
        abonnementen::{
            Response,
            aanmelden::{Request, run},
        },
    },
};

pub(super) const POST: Endpoint = Endpoint {
    operatie: Operatie::AanmeldenAbonnement,
    operation_id: "aanmeldenAbonnement",
    methode: Methode::Post,
    pad: PAD,
    samenvatting: "Horen van wijzigingen bij de leerbedrijven waar de school bpvo's heeft",
    beschrijving: "Een afnemer heeft hoogstens 500 abonnementen die niet beëindigd zijn. Met schoolOin hoort \
        het abonnement van die school alleen; zonder van elke school waarvoor de afnemer mandaat heeft, ook \
        wat er later bijkomt. Een abonnement met kanaal SOAP of WEBHOOK begint in WACHT_OP_BEWIJS: er wordt pas \
        bezorgd als het eindpunt bewezen heeft dat het van de abonnee is; wat intussen gebeurt, blijft wachten. POLL \
        is meteen ACTIEF. Het geheim staat alleen in dit antwoord. Met een Idempotency-Key krijgt een herhaling \
        het eerste antwoord, het geheim daarbij.",
    pad_velden: &[],
    query: &[],
    verzoek: Some(Body {
        schema: "AanmeldenAbonnementVerzoek",
        voorbeelden: &[
            Voorbeeld {
                naam: "webhook",
                samenvatting: "Een webhook voor een school, alleen wat eindigt, 50 in een bericht",
                json: include_str!("voorbeelden/aanmelden-abonnement-verzoek.json"),
            },
            Voorbeeld {
                naam: "poll",
                samenvatting: "Zelf ophalen, voor alle scholen",
                json: include_str!("voorbeelden/aanmelden-abonnement-poll-verzoek.json"),
            },
        ],
    }),
    antwoord: "AbonnementAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "aangemeld",
        samenvatting: "Het eindpunt moet zich nog bewijzen",
        json: include_str!("voorbeelden/aanmelden-abonnement-antwoord.json"),
    }],
    uitkomst: Uitkomst::Gemaakt,
};

impl Posted for Request {
    const ENDPOINT: Endpoint = POST;
    const WRITES: bool = true;
    type Response = Response;

    fn read(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Self {
        let velden = abonnement::read::<7, 9>(body, limits, &VELDEN, fouten);
        Self {
            school_oin: velden.school_oin,
            instellingen: velden.instellingen,
            minimale_register_versie: velden.minimale_register_versie,
        }
    }

    fn minimale_register_versie(&self) -> Option<&str> {
        self.minimale_register_versie.as_deref()
    }

    async fn run(
        self,
        ctx: &Context<'_>,
        writing: &Writing<'_>,
    ) -> Result<Answer<Response>, Failure> {
        run(ctx, writing, self).await
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }

    fn told(response: &Response, reply: Reply) -> Result<Reply, Problem> {
        Ok(match &response.abonnement {
            Some(made) => reply.created(format!("{PAD}/{}", made.abonnement_id)),
            None => reply,
        })
    }
}
