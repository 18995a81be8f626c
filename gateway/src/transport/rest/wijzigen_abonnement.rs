//! PUT /v1/abonnementen/{abonnementId}: wijzigenAbonnement.

use actix_web::HttpRequest;

use super::{
    abonnement::{self, ABONNEMENT_ID, VELDEN_VAN_WIJZIGEN},
    call::Reply,
    endpoint::{Endpoint, Methode, Uitkomst, Verzoek as Body, Voorbeeld},
    json::JsonLimits,
    posted::Posted,
    problem::Problem,
    uri,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::Operatie,
    operations::{
        Answer, Context, Failure, Kop, Writing,
        abonnementen::{
            Response,
            wijzigen::{Request, run},
        },
    },
};

pub(super) const PUT: Endpoint = Endpoint {
    operatie: Operatie::WijzigenAbonnement,
    operation_id: "wijzigenAbonnement",
    methode: Methode::Put,
    pad: "/v1/abonnementen/{abonnementId}",
    samenvatting: "Filters, eindpunt, geheim of status wijzigen; een proefbericht vragen",
    beschrijving: "kanaal, eindpunt, mutatieSoorten, codes, perBericht en ed25519 worden zoals gegeven: wat \
        ontbreekt, wordt weer zoals bij een nieuw abonnement. geheim en status blijven zonder zoals zij zijn. De school ligt \
        vast. Een ander kanaal of eindpunt moet zich opnieuw bewijzen. GEPAUZEERD kan alleen met een bewezen \
        eindpunt; wat intussen gebeurt, blijft wachten. Een herhaling verandert niets, maar stuurt met proef \
        wel opnieuw een proefbericht. Een beëindigd abonnement kan niet meer gewijzigd worden (172).",
    pad_velden: &[ABONNEMENT_ID],
    query: &[],
    verzoek: Some(Body {
        schema: "WijzigenAbonnementVerzoek",
        voorbeelden: &[Voorbeeld {
            naam: "pauzeren",
            samenvatting: "Pauzeren, verder zoals het was",
            json: include_str!("voorbeelden/wijzigen-abonnement-verzoek.json"),
        }],
    }),
    antwoord: "AbonnementAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "gepauzeerd",
        samenvatting: "Gepauzeerd; wat er bijkomt, wacht",
        json: include_str!("voorbeelden/wijzigen-abonnement-antwoord.json"),
    }],
    uitkomst: Uitkomst::OfOnbekend,
};

impl Posted for Request {
    const ENDPOINT: Endpoint = PUT;
    const WRITES: bool = true;
    type Response = Response;

    fn read(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Self {
        let velden = abonnement::read::<8, 10>(body, limits, &VELDEN_VAN_WIJZIGEN, fouten);
        Self {
            abonnement_id: None,
            instellingen: velden.instellingen,
            status: velden.status,
            proef: velden.proef,
            minimale_register_versie: velden.minimale_register_versie,
        }
    }

    fn at(&mut self, request: &HttpRequest, fouten: &mut Overtredingen) {
        self.abonnement_id = uri::segment(request, 2, &ABONNEMENT_ID, fouten);
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

    fn plaats_of(veld: &str) -> Plaats {
        if veld == ABONNEMENT_ID.naam {
            Plaats::Pad
        } else {
            Plaats::Body
        }
    }

    fn told(response: &Response, reply: Reply) -> Result<Reply, Problem> {
        abonnement::found(response, reply)
    }
}
