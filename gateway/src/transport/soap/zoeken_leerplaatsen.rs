//! zoekenLeerplaatsen over SOAP.

use super::{
    Bewerking,
    opvragen_detailgegevens::{erkenning, praktijkopleider},
    parts,
};
use crate::{
    domain::{LeerbedrijfId, Operatie},
    operations::{
        Answer, Context, Failure, Kop, Writing,
        zoeken_leerplaatsen::{
            GevondenErkenning, GevondenLeerbedrijf, GevondenLeerplaats, Request, Response,
            Studentenband, run,
        },
    },
    soap::{BodyError, BodyReader, Vorm, XmlWriter},
};

pub(super) struct ZoekenLeerplaatsen;

impl Bewerking for ZoekenLeerplaatsen {
    const OPERATIE: Operatie = Operatie::ZoekenLeerplaatsen;
    const VRAAG: &'static Vorm = &Vorm {
        soort: "ZoekenLeerplaatsenRequestType",
        elementen: &[
            "soort",
            "naam",
            "postcode",
            "plaats",
            "adres",
            "straalKm",
            "code",
            "opleidingsnaam",
            "leerweg",
            "niveau",
            "leerplaatsSoort",
            "metVergoeding",
            "beschikbaarVanaf",
            "beschikbaarTot",
            "minimumPlaatsen",
            "sortering",
            "paginaGrootte",
            "cursor",
            "metPraktijkopleiders",
            "metTellingen",
            "metToelichting",
            "minimaleRegisterVersie",
        ],
        lijsten: &[],
    };
    type Request = Request;
    type Response = Response;

    fn read(vraag: &mut BodyReader<'_, '_>) -> Result<Request, BodyError> {
        Ok(Request {
            soort: vraag.text("soort")?,
            naam: vraag.text("naam")?,
            postcode: vraag.text("postcode")?,
            plaats: vraag.text("plaats")?,
            adres: vraag.text("adres")?,
            straal_km: vraag.text("straalKm")?,
            code: vraag.text("code")?,
            opleidingsnaam: vraag.text("opleidingsnaam")?,
            leerweg: vraag.text("leerweg")?,
            niveau: vraag.text("niveau")?,
            leerplaats_soort: vraag.text("leerplaatsSoort")?,
            met_vergoeding: vraag.boolean("metVergoeding")?,
            beschikbaar_vanaf: vraag.text("beschikbaarVanaf")?,
            beschikbaar_tot: vraag.text("beschikbaarTot")?,
            minimum_plaatsen: vraag.text("minimumPlaatsen")?,
            sortering: vraag.text("sortering")?,
            pagina_grootte: vraag.text("paginaGrootte")?,
            cursor: vraag.text("cursor")?,
            met_praktijkopleiders: vraag.boolean("metPraktijkopleiders")?,
            met_tellingen: vraag.boolean("metTellingen")?,
            met_toelichting: vraag.boolean("metToelichting")?,
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

    fn leerbedrijf_ids(response: &Response) -> Vec<LeerbedrijfId> {
        response.leerbedrijf_ids()
    }

    fn kop(response: &Response) -> &Kop {
        &response.kop
    }

    fn write(response: &Response, w: &mut XmlWriter) {
        w.list(
            "leerbedrijven",
            "leerbedrijf",
            &response.leerbedrijven,
            leerbedrijf,
        );
        w.value("totaal", response.totaal);
        w.opt_text("volgendeCursor", response.volgende_cursor.as_deref());
        w.list("tellingen", "telling", &response.tellingen, |w, telling| {
            w.text("veld", telling.veld);
            w.text("waarde", &telling.waarde);
            w.value("aantal", telling.aantal);
        });
    }
}

fn leerbedrijf(w: &mut XmlWriter, found: &GevondenLeerbedrijf) {
    let bedrijf = &found.bedrijf;
    w.value("leerbedrijfId", bedrijf.leerbedrijf_id);
    w.text("naam", &bedrijf.naam);
    parts::adres(w, "vestigingsadres", &bedrijf.vestigingsadres);
    w.opt_text("telefoonnummer", bedrijf.telefoonnummer.as_deref());
    w.opt_text("emailadres", bedrijf.emailadres.as_deref());
    w.opt_text("website", bedrijf.website.as_deref());
    w.opt_value("afstandKm", found.afstand_km);
    w.opt_value("aantalStudentenEigen", found.aantal_studenten_eigen);
    w.opt_text(
        "aantalStudentenOverig",
        found.aantal_studenten_overig.map(Studentenband::as_str),
    );
    w.list(
        "erkenningen",
        "erkenning",
        &found.erkenningen,
        gevonden_erkenning,
    );
    w.list(
        "leerplaatsen",
        "leerplaats",
        &found.leerplaatsen,
        leerplaats,
    );
    w.list(
        "praktijkopleiders",
        "praktijkopleider",
        &found.praktijkopleiders,
        praktijkopleider,
    );
    w.opt_text("toelichting", found.toelichting.as_deref());
}

fn gevonden_erkenning(w: &mut XmlWriter, found: &GevondenErkenning) {
    erkenning(w, &found.erkenning);
    w.value("aantalPraktijkopleiders", found.aantal_praktijkopleiders);
    w.opt_value("equivalentVoor", found.equivalent_voor);
}

fn leerplaats(w: &mut XmlWriter, found: &GevondenLeerplaats) {
    w.text("leerplaatsId", &found.leerplaats_id);
    w.value("code", found.code);
    w.text("leerplaatsSoort", found.leerplaats_soort.as_str());
    w.text("leerweg", found.leerweg.as_str());
    w.text("titel", &found.titel);
    w.opt_text("omschrijving", found.omschrijving.as_deref());
    w.value("aantalLeerplaatsen", found.aantal_leerplaatsen);
    w.opt_value("beschikbaarVanaf", found.beschikbaar_vanaf);
    w.opt_value("beschikbaarTot", found.beschikbaar_tot);
    w.opt_value("dagenPerWeek", found.dagen_per_week);
    if let Some(vergoeding) = &found.vergoeding {
        w.element("vergoeding", |w| {
            w.text("soort", &vergoeding.soort);
            w.opt_value("bedragVan", vergoeding.bedrag_van);
            w.opt_value("bedragTot", vergoeding.bedrag_tot);
        });
    }
    w.opt_value("equivalentVoor", found.equivalent_voor);
}
