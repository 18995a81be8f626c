//! POST /v1/leerplaatsen/_zoek: zoekenLeerplaatsen.

use super::{
    endpoint::{Endpoint, Methode, Uitkomst, Verzoek, Voorbeeld},
    field::{MINIMALE_REGISTER_VERSIE, Veld},
    json::{self, Fields, JsonLimits, Place},
    json_writer::JsonWriter,
    posted::Posted,
    violation::{Overtredingen, Plaats},
    zoekvragen::ZOEKVRAGEN,
};
use crate::{
    domain::{LeerbedrijfId, Operatie},
    operations::{
        Answer, Context, Failure, Kop, Writing, fetch,
        zoeken_leerplaatsen::{GevondenErkenning, GevondenLeerbedrijf, Request, Response, run},
    },
};

/// Fields of the body, in the order of [`Request`], which is that of the contract.
pub const VELDEN: [Veld; 22] = [
    Veld::tekst(
        "soort",
        "ERKENNING: leerbedrijven met een erkenning die past. LEERPLAATS: leerbedrijven met een leerplaats die past. Verplicht, met minstens één filter erbij.",
        "LEERPLAATS",
    ),
    Veld::tekst(
        "naam",
        "Filter. Woorden uit de naam van het leerbedrijf, in elke volgorde; elk woord moet passen: gelijk, als begin van een woord, of met één tikfout vanaf vijf letters.",
        "restaurant haven",
    ),
    Veld::tekst(
        "postcode",
        "Filter. Nederlandse postcode: vier cijfers, of vier cijfers en twee letters. Met straalKm het midden van de cirkel; zonder straalKm alleen dezelfde postcode.",
        "3511",
    ),
    Veld::tekst(
        "plaats",
        "Filter. Plaatsnaam. Met straalKm het midden van de cirkel; zonder straalKm alleen leerbedrijven die er gevestigd zijn.",
        "Utrecht",
    ),
    Veld::tekst(
        "adres",
        "Filter. Straat, huisnummer en plaats of postcode. Zonder straalKm tot 5 km eromheen. Gaat voor postcode, en die voor plaats.",
        "Oudegracht 10, Utrecht",
    ),
    Veld::getal(
        "straalKm",
        "Grootste afstand in kilometers, hemelsbreed, tot het adres, de postcode of de plaats: meer dan 0 en hoogstens 500. In een tekst mag een komma.",
        "15",
    ),
    Veld::tekst(
        "code",
        "Filter. Crebo van een kwalificatie (vijf cijfers) of code van een keuzedeel (K en vier cijfers). Codes die nu gelijkwaardig zijn, tellen mee; equivalentVoor zegt dat erbij.",
        "25180",
    ),
    Veld::tekst(
        "opleidingsnaam",
        "Filter. Woorden uit de naam van de opleiding; wat past, telt als code.",
        "kok",
    ),
    Veld::tekst("leerweg", "Filter. BOL of BBL.", "BBL"),
    Veld::getal(
        "niveau",
        "Filter. Niveau van de opleiding, 1 tot en met 4.",
        "2",
    ),
    Veld::tekst(
        "leerplaatsSoort",
        "Filter, alleen bij LEERPLAATS. STAGE of LEERBAAN.",
        "LEERBAAN",
    ),
    Veld::boolean(
        "metVergoeding",
        "Filter, alleen bij LEERPLAATS. true: alleen met een vergoeding; false: alleen zonder.",
    ),
    Veld::tekst(
        "beschikbaarVanaf",
        "Filter. Eerste dag van de periode, jjjj-mm-dd; vandaag als het ontbreekt.",
        "2027-02-01",
    ),
    Veld::tekst(
        "beschikbaarTot",
        "Filter. Laatste dag van de periode, inclusief, jjjj-mm-dd; beschikbaarVanaf als het ontbreekt.",
        "2027-07-16",
    ),
    Veld::getal(
        "minimumPlaatsen",
        "Filter, alleen bij LEERPLAATS. Minste aantal plaatsen, 1 tot en met 9999.",
        "2",
    ),
    Veld::tekst(
        "sortering",
        "RELEVANTIE (als het ontbreekt), AFSTAND (vraagt een adres, postcode of plaats) of NAAM.",
        "AFSTAND",
    ),
    Veld::getal(
        "paginaGrootte",
        "Leerbedrijven per pagina, 1 tot en met 100; 25 als het ontbreekt.",
        "25",
    ),
    Veld::tekst(
        "cursor",
        "volgendeCursor van de vorige pagina, met verder dezelfde vraag. Geldt tot 15 minuten na de eerste pagina.",
        "010101dca4b9fbc168dac40200860100",
    ),
    Veld::boolean(
        "metPraktijkopleiders",
        "Namen van de praktijkopleiders voor de getoonde erkenningen; zonder dit alleen hun aantal. Van elk antwoord met namen wordt vastgelegd aan wie het gegeven is.",
    ),
    Veld::boolean(
        "metTellingen",
        "Tellingen per leerweg, niveau en code over de hele lijst.",
    ),
    Veld::boolean(
        "metToelichting",
        "Per leerbedrijf in woorden waarom het er staat.",
    ),
    MINIMALE_REGISTER_VERSIE,
];

pub(super) const ENDPOINT: Endpoint = Endpoint {
    operatie: Operatie::ZoekenLeerplaatsen,
    operation_id: "zoekenLeerplaatsen",
    methode: Methode::Post,
    pad: "/v1/leerplaatsen/_zoek",
    samenvatting: "Zoeken naar erkenningen of leerplaatsen, gegroepeerd per leerbedrijf",
    beschrijving: "Geef soort en minstens één filter. Een leerbedrijf is een treffer als één \
        erkenning (of leerplaats) aan alle filters samen voldoet; het antwoord noemt precies die. \
        totaal telt alle treffers; volgendeCursor leidt naar de volgende pagina en geldt tot 15 \
        minuten na de eerste pagina. Niets gevonden (130), een onbekende plaats (140) en een verlopen cursor (161) zijn \
        antwoorden (200) met een lege lijst.",
    pad_velden: &[],
    query: &[],
    verzoek: Some(Verzoek {
        schema: "ZoekenLeerplaatsenVerzoek",
        voorbeelden: ZOEKVRAGEN,
    }),
    antwoord: "ZoekenLeerplaatsenAntwoord",
    voorbeelden: &[
        Voorbeeld {
            naam: "leerbanen",
            samenvatting: "Twee leerbedrijven, de dichtstbijzijnde voorop",
            json: include_str!("voorbeelden/zoeken-leerplaatsen-antwoord.json"),
        },
        Voorbeeld {
            naam: "erkenningen",
            samenvatting: "De eerste van zeven, met tellingen en toelichting",
            json: include_str!("voorbeelden/zoeken-erkenningen-antwoord.json"),
        },
        Voorbeeld {
            naam: "plaatsOnbekend",
            samenvatting: "De plaats is niet begrepen",
            json: include_str!("voorbeelden/zoeken-plaats-onbekend.json"),
        },
    ],
    uitkomst: Uitkomst::Antwoord,
};

impl Posted for Request {
    const ENDPOINT: Endpoint = ENDPOINT;
    /// A page of 25 has some 600 to 1,200 bytes for each leerbedrijf.
    const ANSWER_BYTES: usize = 16 * 1024;
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

    fn leerbedrijf_ids(response: &Response) -> Vec<LeerbedrijfId> {
        response.leerbedrijf_ids()
    }

    fn write(response: &Response, body: &mut Vec<u8>) -> serde_json::Result<()> {
        write_response(response, body)
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }
}

/// As serde writes it, but for the parts that were written before.
fn write_response(response: &Response, body: &mut Vec<u8>) -> serde_json::Result<()> {
    let Response {
        kop,
        leerbedrijven,
        totaal,
        volgende_cursor,
        tellingen,
    } = response;
    let erkenningen = leerbedrijven.iter().flat_map(|found| &found.erkenningen);
    fetch(erkenningen.map(|found| found.erkenning.beginning()));
    let mut w = JsonWriter::begin(body);
    w.members_of(kop)?;
    w.list("leerbedrijven", leerbedrijven, leerbedrijf)?;
    w.value("totaal", totaal)?;
    w.opt_value("volgendeCursor", volgende_cursor.as_ref())?;
    w.value("tellingen", tellingen)?;
    w.end();
    Ok(())
}

fn leerbedrijf(found: &GevondenLeerbedrijf, w: &mut JsonWriter<'_>) -> serde_json::Result<()> {
    let GevondenLeerbedrijf {
        bedrijf,
        afstand_km,
        aantal_studenten_eigen,
        aantal_studenten_overig,
        erkenningen,
        leerplaatsen,
        praktijkopleiders,
        toelichting,
    } = found;
    w.members(bedrijf.members()?);
    w.opt_value("afstandKm", afstand_km.as_ref())?;
    w.opt_value("aantalStudentenEigen", aantal_studenten_eigen.as_ref())?;
    w.opt_value("aantalStudentenOverig", aantal_studenten_overig.as_ref())?;
    w.list("erkenningen", erkenningen, erkenning)?;
    w.value("leerplaatsen", leerplaatsen)?;
    w.value("praktijkopleiders", praktijkopleiders)?;
    w.opt_value("toelichting", toelichting.as_ref())
}

fn erkenning(found: &GevondenErkenning, w: &mut JsonWriter<'_>) -> serde_json::Result<()> {
    let GevondenErkenning {
        erkenning,
        aantal_praktijkopleiders,
        equivalent_voor,
    } = found;
    w.members(erkenning.members()?);
    w.value("aantalPraktijkopleiders", aantal_praktijkopleiders)?;
    w.opt_value("equivalentVoor", equivalent_voor.as_ref())
}

fn read_body(body: &[u8], limits: JsonLimits, fouten: &mut Overtredingen) -> Request {
    let Some(node) = json::parse(body, limits, fouten) else {
        return Request::default();
    };
    let mut fields = Fields::new(node, Place::Root, &VELDEN, fouten);
    let request = Request {
        soort: fields.text("soort"),
        naam: fields.text("naam"),
        postcode: fields.text("postcode"),
        plaats: fields.text("plaats"),
        adres: fields.text("adres"),
        straal_km: fields.text("straalKm"),
        code: fields.text("code"),
        opleidingsnaam: fields.text("opleidingsnaam"),
        leerweg: fields.text("leerweg"),
        niveau: fields.text("niveau"),
        leerplaats_soort: fields.text("leerplaatsSoort"),
        met_vergoeding: fields.boolean("metVergoeding"),
        beschikbaar_vanaf: fields.text("beschikbaarVanaf"),
        beschikbaar_tot: fields.text("beschikbaarTot"),
        minimum_plaatsen: fields.text("minimumPlaatsen"),
        sortering: fields.text("sortering"),
        pagina_grootte: fields.text("paginaGrootte"),
        cursor: fields.text("cursor"),
        met_praktijkopleiders: fields.boolean("metPraktijkopleiders"),
        met_tellingen: fields.boolean("metTellingen"),
        met_toelichting: fields.boolean("metToelichting"),
        minimale_register_versie: fields.text("minimaleRegisterVersie"),
    };
    fouten.check_versie(Plaats::Body, request.minimale_register_versie.as_deref());
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Adres, Code, Datum, Leerweg, RegisterVersie, Signaalcode, Tijdstip},
        operations::{
            Shared,
            opvragen_detailgegevens::ErkenningDetail,
            zoeken_leerplaatsen::{AfstandKm, GevondenBedrijf, Studentenband, Telling},
        },
        transport::rest::field::Veldsoort,
    };

    const LIMITS: JsonLimits = JsonLimits {
        depth: 32,
        elements: 100,
    };

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    /// Everything that an answer can have, or nothing of it.
    fn answer(full: bool) -> Response {
        let some = |text: &str| full.then(|| text.to_owned());
        let code = Code::parse("25180").unwrap();
        let dag = Datum::parse("2026-11-22").unwrap();
        let erkenning = ErkenningDetail {
            code,
            opleidingsnaam: some("Kok \"à la carte\""),
            niveau: full.then_some(2),
            leerwegen: vec![Leerweg::Bbl],
            startdatum: dag,
            einddatum: full.then_some(dag),
            reden: None,
            gedeeltelijk: false,
            werkprocessen: Vec::new(),
            bijgewerkt_op: Tijdstip::EPOCH,
        };
        let bedrijf = GevondenBedrijf {
            leerbedrijf_id: LeerbedrijfId::from_u32(100_000_001).unwrap(),
            naam: "Café \\ {Linde}".to_owned(),
            vestigingsadres: Adres {
                straat: some("Oudegracht"),
                huisnummer: full.then_some(10),
                huisnummertoevoeging: None,
                postcode: some("3511AB"),
                plaats: "Utrecht".to_owned(),
                land: "NL".to_owned(),
                coordinaten: None,
            },
            telefoonnummer: some("+31301234567"),
            emailadres: None,
            website: some("https://linde.example/"),
        };
        let leerbedrijf = GevondenLeerbedrijf {
            bedrijf: Shared::new(bedrijf),
            afstand_km: full.then(|| AfstandKm::new(4.25)),
            aantal_studenten_eigen: full.then_some(1),
            aantal_studenten_overig: full.then(|| Studentenband::of(7)),
            erkenningen: vec![
                GevondenErkenning {
                    erkenning: Shared::new(erkenning),
                    aantal_praktijkopleiders: 3,
                    equivalent_voor: full.then_some(code),
                };
                2
            ],
            leerplaatsen: Vec::new(),
            praktijkopleiders: Vec::new(),
            toelichting: some("erkend\n"),
        };
        Response {
            kop: Kop {
                signaalcode: Signaalcode::GeenBijzonderheden,
                signaaltekst: None,
                register_versie: RegisterVersie {
                    tijdlijn: 1,
                    nummer: 7,
                },
                register_tijdstip: Tijdstip::EPOCH,
            },
            leerbedrijven: vec![leerbedrijf; if full { 2 } else { 1 }],
            totaal: 30,
            volgende_cursor: some("0a"),
            tellingen: full
                .then(|| Telling {
                    veld: "leerweg",
                    waarde: "BBL".to_owned(),
                    aantal: 30,
                })
                .into_iter()
                .collect(),
        }
    }

    #[test]
    fn an_answer_is_written_as_serde_writes_it() {
        let mut empty = answer(false);
        empty.leerbedrijven.clear();
        for response in [answer(true), answer(false), empty] {
            // What was written before is written again.
            for _ in 0..2 {
                let mut body = Vec::new();
                Request::write(&response, &mut body).unwrap();
                let expected = serde_json::to_string(&response).unwrap();
                assert_eq!(String::from_utf8(body).unwrap(), expected);
            }
        }
    }

    #[test]
    fn every_field_of_the_table_reaches_the_request() {
        let members: Vec<String> = VELDEN
            .iter()
            .map(|veld| match veld.soort {
                Veldsoort::Tekst => format!("{:?}:{:?}", veld.naam, veld.voorbeeld),
                Veldsoort::Getal | Veldsoort::Boolean => {
                    format!("{:?}:{}", veld.naam, veld.voorbeeld)
                }
            })
            .collect();
        let body = format!("{{{}}}", members.join(","));
        let mut fouten = Overtredingen::default();
        let request = read_body(body.as_bytes(), LIMITS, &mut fouten);
        assert!(fouten.is_empty(), "{fouten:?}");
        assert_eq!(
            request,
            Request {
                soort: some("LEERPLAATS"),
                naam: some("restaurant haven"),
                postcode: some("3511"),
                plaats: some("Utrecht"),
                adres: some("Oudegracht 10, Utrecht"),
                straal_km: some("15"),
                code: some("25180"),
                opleidingsnaam: some("kok"),
                leerweg: some("BBL"),
                niveau: some("2"),
                leerplaats_soort: some("LEERBAAN"),
                met_vergoeding: Some(true),
                beschikbaar_vanaf: some("2027-02-01"),
                beschikbaar_tot: some("2027-07-16"),
                minimum_plaatsen: some("2"),
                sortering: some("AFSTAND"),
                pagina_grootte: some("25"),
                cursor: some("010101dca4b9fbc168dac40200860100"),
                met_praktijkopleiders: Some(true),
                met_tellingen: Some(true),
                met_toelichting: Some(true),
                minimale_register_versie: some("1.48210"),
            }
        );
    }
}
