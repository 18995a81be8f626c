//! POST /v1/erkenningen/_natrekken: natrekkenErkenningen, up to 10,000 lines at once.

use super::{
    endpoint::{Endpoint, Methode, Uitkomst, Verzoek as Body, Voorbeeld},
    field::{CODE, KENMERK, LEERBEDRIJF_ID, MINIMALE_REGISTER_VERSIE, PEILDATUM, Veld},
    json::{self, Fields, JsonLimits, Node, Place},
    posted::Posted,
    violation::{Overtredingen, Plaats},
};
use crate::{
    domain::{LeerbedrijfId, Operatie},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        natrekken_erkenningen::{MAX_VERZOEKEN, Request, Response, Verzoek, run},
    },
};

const VERZOEKEN: &str = "verzoeken";

/// Fields of one line, in the order of [`Verzoek`].
pub(super) const VELDEN: [Veld; 4] = [KENMERK, LEERBEDRIJF_ID, CODE, PEILDATUM];

pub(super) const ENDPOINT: Endpoint = Endpoint {
    operatie: Operatie::NatrekkenErkenningen,
    operation_id: "natrekkenErkenningen",
    methode: Methode::Post,
    pad: "/v1/erkenningen/_natrekken",
    samenvatting: "Tot 10.000 erkenningen natrekken, alle uit dezelfde registerversie",
    beschrijving: "Een resultaat per verzoek, in de gevraagde volgorde. Een verzoek met een ongeldig \
        leerbedrijfId, een ongeldige code of datum bederft alleen zichzelf: het krijgt zijn \
        signaalcode en de rest wordt beantwoord. Alleen een body van de verkeerde vorm geeft 400.",
    pad_velden: &[],
    query: &[],
    verzoek: Some(Body {
        schema: "NatrekkenErkenningenVerzoek",
        voorbeelden: &[Voorbeeld {
            naam: "tweeRegels",
            samenvatting: "Twee regels, waarvan een met een oud id",
            json: include_str!("voorbeelden/natrekken-bulk-verzoek.json"),
        }],
    }),
    antwoord: "NatrekkenErkenningenAntwoord",
    voorbeelden: &[Voorbeeld {
        naam: "tweeRegels",
        samenvatting: "De tweede regel heeft een ongeldig leerbedrijfId",
        json: include_str!("voorbeelden/natrekken-bulk-antwoord.json"),
    }],
    uitkomst: Uitkomst::Antwoord,
};

impl Posted for Request {
    const ENDPOINT: Endpoint = ENDPOINT;
    const BULK: bool = true;
    type Response = Response;

    fn read(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Self {
        read_body(body, limits, fouten)
    }

    fn minimale_register_versie(&self) -> Option<&str> {
        self.minimale_register_versie.as_deref()
    }

    async fn run(self, ctx: &Context<'_>, _: &Writing<'_>) -> Result<Answer<Response>, Failure> {
        Ok(run(ctx, self))
    }

    fn regels(&self) -> usize {
        self.verzoeken.len()
    }

    fn leerbedrijf_ids(response: &Response) -> Vec<LeerbedrijfId> {
        response.leerbedrijf_ids()
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }
}

fn read_body(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Request {
    let Some(node) = json::parse(body, limits, fouten) else {
        return Request::default();
    };
    let names = [VERZOEKEN, MINIMALE_REGISTER_VERSIE.naam];
    let [verzoeken, versie] = json::members(node, Place::Root, names, fouten);
    let minimale_register_versie =
        json::text(versie, Place::Root, &MINIMALE_REGISTER_VERSIE, fouten);
    fouten.check_versie(Plaats::Body, minimale_register_versie.as_deref());
    let verzoeken = json::list(verzoeken, Place::Root, VERZOEKEN, MAX_VERZOEKEN, fouten)
        .into_iter()
        .enumerate()
        .map(|(index, node)| read_line(node, index, fouten))
        .collect();
    Request {
        verzoeken,
        minimale_register_versie,
    }
}

fn read_line(node: Node<'_>, index: usize, fouten: &mut Overtredingen) -> Verzoek {
    let place = Place::Item {
        list: VERZOEKEN,
        index,
    };
    let mut fields = Fields::new(node, place, &VELDEN, fouten);
    Verzoek {
        kenmerk: fields.text("kenmerk"),
        leerbedrijf_id: fields.text("leerbedrijfId"),
        code: fields.text("code"),
        peildatum: fields.text("peildatum"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: JsonLimits = JsonLimits {
        depth: 32,
        elements: 120_000,
    };

    fn read(body: &str) -> (Request, Vec<String>) {
        let mut fouten = Overtredingen::default();
        let request = read_body(body.as_bytes(), LIMITS, &mut fouten);
        let shown = fouten.shown().iter();
        (
            request,
            shown.map(|o| format!("{} {}", o.veld, o.code)).collect(),
        )
    }

    #[test]
    fn lines_keep_their_place_and_their_odd_values() {
        let (request, shown) = read(
            r#"{"verzoeken":[{"kenmerk":"a","leerbedrijfId":"99ZZ9999JJ0001602"},{},{"code":"K0072","peildatum":"gisteren"}],"minimaleRegisterVersie":"1.2"}"#,
        );
        assert_eq!(shown, Vec::<String>::new());
        assert_eq!(request.verzoeken.len(), 3);
        assert_eq!(
            request.verzoeken[0].leerbedrijf_id.as_deref(),
            Some("99ZZ9999JJ0001602")
        );
        assert_eq!(request.verzoeken[1], Verzoek::default());
        assert_eq!(request.verzoeken[2].peildatum.as_deref(), Some("gisteren"));
    }

    #[test]
    fn a_body_of_the_wrong_form_names_every_line() {
        let (_, shown) = read(
            r#"{"verzoeken":[null,{"code":25180},{"crebo":"25180"},"x"],"minimaleRegisterVersie":"1"}"#,
        );
        assert_eq!(
            shown,
            [
                "/minimaleRegisterVersie VORM_ONGELDIG",
                "/verzoeken/0 TYPE_ONGELDIG",
                "/verzoeken/1/code TYPE_ONGELDIG",
                "/verzoeken/2/crebo ONBEKEND_VELD",
                "/verzoeken/3 TYPE_ONGELDIG",
            ]
        );
    }

    #[test]
    fn ten_thousand_lines_fit_and_one_more_does_not() {
        let body = |lines: usize| format!(r#"{{"verzoeken":[{}]}}"#, vec!["{}"; lines].join(","));
        let (request, shown) = read(&body(MAX_VERZOEKEN));
        assert_eq!((request.verzoeken.len(), shown.len()), (MAX_VERZOEKEN, 0));
        let (_, shown) = read(&body(MAX_VERZOEKEN + 1));
        assert_eq!(shown, ["/verzoeken TE_VEEL_REGELS"]);
    }

    #[test]
    fn violations_beyond_the_hundredth_are_counted() {
        let mut fouten = Overtredingen::default();
        let body = format!(r#"{{"verzoeken":[{}]}}"#, vec!["1"; 5000].join(","));
        read_body(body.as_bytes(), LIMITS, &mut fouten);
        assert_eq!(fouten.shown().len(), 100);
        assert_eq!(fouten.hidden_total(), Some(5000));
    }
}
