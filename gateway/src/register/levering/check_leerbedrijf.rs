//! The checks of a leerbedrijf and all that is its.

use super::{
    check::{Basis, unique},
    values::{each, optional},
    violation::{Findings, Pad},
    wire,
};
use crate::domain::{
    Adres, Contactpersoon, Eindreden, Erkenning, Gegevens, Kern, Leerbedrijf, LeerbedrijfId,
    LeerbedrijfStatus, Leerplaats, LeerplaatsSoort, Opvolging, Personen, Praktijkopleider,
    Tijdstip, Vergoeding, Werkproces,
};

/// The leerbedrijf, its periods ordered by code and first day, and its people.
pub(super) fn leerbedrijf(
    f: &mut Findings,
    w: wire::Leerbedrijf<'_>,
    basis: Basis,
) -> Option<(Leerbedrijf, Personen)> {
    let root = Pad::Root;
    let id = f.leerbedrijf_id(&root.field("leerbedrijfId"), &w.leerbedrijf_id);
    let naam = f.text(&root.field("naam"), &w.naam, 200);
    let status = f.one_of(
        &root.field("leerbedrijfStatus"),
        &w.leerbedrijf_status,
        LeerbedrijfStatus::parse,
        "ACT, HIS",
    );
    let opvolging = opvolging(f, &w, id, status, basis);
    let gegevens = gegevens(f, &w, basis);
    let at = root.field("erkenningen");
    let erkenningen = each(&at, w.erkenningen, |at, e| erkenning(f, at, e, basis));
    let erkenningen = erkenningen.and_then(|list| periods(f, &at, list, status, basis));
    unique(
        f,
        &root.field("leerplaatsen"),
        "leerplaatsId",
        w.leerplaatsen.iter().map(|l| &*l.leerplaats_id),
    );
    unique(
        f,
        &root.field("contactpersonen"),
        "persoonId",
        w.contactpersonen.iter().map(|p| &*p.persoon_id),
    );
    unique(
        f,
        &root.field("praktijkopleiders"),
        "persoonId",
        w.praktijkopleiders.iter().map(|p| &*p.persoon_id),
    );
    let leerplaatsen = each(&root.field("leerplaatsen"), w.leerplaatsen, |at, l| {
        leerplaats(f, at, l)
    });
    let contactpersonen = each(
        &root.field("contactpersonen"),
        w.contactpersonen,
        |at, p| contactpersoon(f, at, &p, basis),
    );
    let praktijkopleiders = each(
        &root.field("praktijkopleiders"),
        w.praktijkopleiders,
        |at, p| praktijkopleider(f, at, p, basis),
    );
    Some((
        Leerbedrijf {
            kern: Kern {
                leerbedrijf_id: id?,
                naam: naam?,
                status: status?,
                opvolging: opvolging?,
                erkenningen: erkenningen?,
            },
            gegevens: gegevens?,
            leerplaatsen: leerplaatsen?,
        },
        Personen {
            contactpersonen: contactpersonen?,
            praktijkopleiders: praktijkopleiders?,
        },
    ))
}

/// A merger names the successor and the day, and nobody succeeds himself. Before that day the
/// leerbedrijf may still be ACT; from then on it is HIS.
fn opvolging(
    f: &mut Findings,
    w: &wire::Leerbedrijf<'_>,
    id: Option<LeerbedrijfId>,
    status: Option<LeerbedrijfStatus>,
    basis: Basis,
) -> Option<Option<Opvolging>> {
    let root = Pad::Root;
    let (at, at_per) = (root.field("opvolger"), root.field("opgevolgdPer"));
    let (opvolger, per) = match (&w.opvolger, &w.opgevolgd_per) {
        (None, None) => return Some(None),
        (Some(_), None) => return f.add(&at_per, "ontbreekt terwijl er een opvolger is"),
        (None, Some(_)) => return f.add(&at, "ontbreekt terwijl er een opgevolgdPer is"),
        (Some(opvolger), Some(per)) => (opvolger, per),
    };
    let opvolger = match f.leerbedrijf_id(&at, opvolger) {
        Some(same) if Some(same) == id => f.add(&at, "mag niet het leerbedrijf zelf zijn"),
        opvolger => opvolger,
    };
    let per = f.datum(&at_per, per);
    if status == Some(LeerbedrijfStatus::Actief) && per.is_some_and(|per| per <= basis.aanmaakdatum)
    {
        return f.add(
            &root.field("leerbedrijfStatus"),
            "moet HIS zijn vanaf de dag waarop het leerbedrijf is opgevolgd",
        );
    }
    Some(Some(Opvolging {
        opvolger: opvolger?,
        opgevolgd_per: per?,
    }))
}

fn gegevens(f: &mut Findings, w: &wire::Leerbedrijf<'_>, basis: Basis) -> Option<Gegevens> {
    let root = Pad::Root;
    let kvk_nummer = optional(w.kvk_nummer.as_ref(), |n| {
        f.digits(&root.field("kvkNummer"), n, 8)
    });
    let kvk_vestigingsnummer = optional(w.kvk_vestigingsnummer.as_ref(), |n| {
        f.digits(&root.field("kvkVestigingsnummer"), n, 12)
    });
    let vestigingsadres = adres(f, &root.field("vestigingsadres"), &w.vestigingsadres);
    let correspondentieadres = optional(w.correspondentieadres.as_ref(), |a| {
        adres(f, &root.field("correspondentieadres"), a)
    });
    let telefoonnummer = optional(w.telefoonnummer.as_ref(), |t| {
        f.telefoonnummer(&root.field("telefoonnummer"), t)
    });
    let emailadres = optional(w.emailadres.as_ref(), |e| {
        f.emailadres(&root.field("emailadres"), e)
    });
    let website = optional(w.website.as_ref(), |s| f.website(&root.field("website"), s));
    let bijgewerkt_op = bijgewerkt_op(f, &root, w.bijgewerkt_op.as_ref(), basis);
    Some(Gegevens {
        kvk_nummer: kvk_nummer?,
        kvk_vestigingsnummer: kvk_vestigingsnummer?,
        vestigingsadres: vestigingsadres?,
        correspondentieadres: correspondentieadres?,
        telefoonnummer: telefoonnummer?,
        emailadres: emailadres?,
        website: website?,
        bijgewerkt_op: bijgewerkt_op?,
    })
}

fn bijgewerkt_op(
    f: &mut Findings,
    at: &Pad<'_>,
    value: Option<&wire::Tekst<'_>>,
    basis: Basis,
) -> Option<Tijdstip> {
    value.map_or(Some(basis.registratie), |text| {
        f.tijdstip(&at.field("bijgewerktOp"), text)
    })
}

fn adres(f: &mut Findings, at: &Pad<'_>, w: &wire::Adres<'_>) -> Option<Adres> {
    let straat = optional(w.straat.as_ref(), |s| f.text(&at.field("straat"), s, 80));
    let huisnummer = optional(w.huisnummer, |n| {
        f.number(&at.field("huisnummer"), n, 1..=99_999)
    });
    let toevoeging = optional(w.huisnummertoevoeging.as_ref(), |t| {
        f.text(&at.field("huisnummertoevoeging"), t, 6)
    });
    let postcode = optional(w.postcode.as_ref(), |p| {
        f.postcode(&at.field("postcode"), p, &w.land)
    });
    let plaats = f.text(&at.field("plaats"), &w.plaats, 40);
    let land = f.land(&at.field("land"), &w.land);
    let coordinaten = optional(w.coordinaten, |c| {
        f.coordinaten(&at.field("coordinaten"), c.lat, c.lon)
    });
    Some(Adres {
        straat: straat?,
        huisnummer: huisnummer?,
        huisnummertoevoeging: toevoeging?,
        postcode: postcode?,
        plaats: plaats?,
        land: land?,
        coordinaten: coordinaten?,
    })
}

fn erkenning(
    f: &mut Findings,
    at: &Pad<'_>,
    w: wire::Erkenning<'_>,
    basis: Basis,
) -> Option<Erkenning> {
    let code = f.code(&at.field("code"), &w.code);
    let leerwegen = f.leerwegen(&at.field("leerwegen"), &w.leerwegen);
    let startdatum = f.datum(&at.field("startdatum"), &w.startdatum);
    let einddatum = optional(w.einddatum.as_ref(), |e| {
        f.last_day(&at.field("einddatum"), e, startdatum)
    });
    let reden = optional(w.reden.as_ref(), |r| {
        let at = at.field("reden");
        if w.einddatum.is_none() {
            return f.add(&at, "mag er alleen zijn met een einddatum");
        }
        f.one_of(
            &at,
            r,
            Eindreden::parse,
            "INGETROKKEN, VAN_RECHTSWEGE_VERVALLEN, NIET_VERLENGD",
        )
    });
    let werkprocessen = each(&at.field("werkprocessen"), w.werkprocessen, |at, w| {
        let code = f.token(&at.field("code"), &w.code, 20);
        let naam = f.text(&at.field("naam"), &w.naam, 200);
        Some(Werkproces {
            code: code?,
            naam: naam?,
            uitvoerbaar: w.uitvoerbaar,
        })
    });
    let bijgewerkt_op = bijgewerkt_op(f, at, w.bijgewerkt_op.as_ref(), basis);
    Some(Erkenning {
        code: code?,
        leerwegen: leerwegen?,
        startdatum: startdatum?,
        einddatum: einddatum?,
        reden: reden?,
        gedeeltelijk: w.gedeeltelijk,
        werkprocessen: werkprocessen?,
        bijgewerkt_op: bijgewerkt_op?,
    })
}

/// Periods of one code may not overlap, and a historical leerbedrijf has none that goes on.
fn periods(
    f: &mut Findings,
    at: &Pad<'_>,
    list: Vec<Erkenning>,
    status: Option<LeerbedrijfStatus>,
    basis: Basis,
) -> Option<Vec<Erkenning>> {
    let mut right = true;
    let mut order: Vec<(usize, Erkenning)> = list.into_iter().enumerate().collect();
    for (index, erkenning) in &order {
        let ended = erkenning
            .einddatum
            .is_some_and(|eind| eind <= basis.aanmaakdatum);
        if status == Some(LeerbedrijfStatus::Historisch) && !ended {
            right = false;
            f.add::<()>(
                &at.item(*index).field("einddatum"),
                "moet bij een leerbedrijf met status HIS op of vóór de dag van aanmaak liggen",
            );
        }
    }
    order.sort_by_key(|(_, e)| (e.code, e.startdatum));
    for pair in order.windows(2) {
        let ((_, earlier), (index, later)) = (&pair[0], &pair[1]);
        if earlier.code == later.code && earlier.holds_on(later.startdatum) {
            right = false;
            f.add::<()>(
                &at.item(*index).field("startdatum"),
                "valt in een andere periode van dezelfde code",
            );
        }
    }
    right.then(|| order.into_iter().map(|(_, e)| e).collect())
}

fn leerplaats(f: &mut Findings, at: &Pad<'_>, w: wire::Leerplaats<'_>) -> Option<Leerplaats> {
    let leerplaats_id = f.token(&at.field("leerplaatsId"), &w.leerplaats_id, 40);
    let code = f.code(&at.field("code"), &w.code);
    let leerplaats_soort = f.one_of(
        &at.field("leerplaatsSoort"),
        &w.leerplaats_soort,
        LeerplaatsSoort::parse,
        "STAGE, LEERBAAN",
    );
    let leerweg = f.leerweg(&at.field("leerweg"), &w.leerweg);
    let titel = f.text(&at.field("titel"), &w.titel, 200);
    let omschrijving = optional(w.omschrijving.as_ref(), |o| {
        f.lines(&at.field("omschrijving"), o, 2_000)
    });
    let aantal = f.number(
        &at.field("aantalLeerplaatsen"),
        w.aantal_leerplaatsen,
        0..=99_999,
    );
    let vanaf = optional(w.beschikbaar_vanaf.as_ref(), |d| {
        f.datum(&at.field("beschikbaarVanaf"), d)
    });
    let tot = optional(w.beschikbaar_tot.as_ref(), |d| {
        f.last_day(&at.field("beschikbaarTot"), d, vanaf.flatten())
    });
    let dagen = optional(w.dagen_per_week, |d| {
        f.small(&at.field("dagenPerWeek"), d, 1..=7)
    });
    let vergoeding = optional(w.vergoeding, |v| vergoeding(f, &at.field("vergoeding"), &v));
    Some(Leerplaats {
        leerplaats_id: leerplaats_id?,
        code: code?,
        leerplaats_soort: leerplaats_soort?,
        leerweg: leerweg?,
        titel: titel?,
        omschrijving: omschrijving?,
        aantal_leerplaatsen: aantal?,
        beschikbaar_vanaf: vanaf?,
        beschikbaar_tot: tot?,
        dagen_per_week: dagen?,
        vergoeding: vergoeding?,
    })
}

fn vergoeding(f: &mut Findings, at: &Pad<'_>, w: &wire::Vergoeding<'_>) -> Option<Vergoeding> {
    let form = (1..=40).contains(&w.soort.len())
        && w.soort.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let soort = match form {
        true => Some(w.soort.to_string()),
        false => f.add(&at.field("soort"), "moet de vorm [A-Z_]{1,40} hebben"),
    };
    if let (Some(van), Some(tot)) = (w.bedrag_van, w.bedrag_tot)
        && tot < van
    {
        return f.add(&at.field("bedragTot"), "mag niet lager zijn dan bedragVan");
    }
    Some(Vergoeding {
        soort: soort?,
        bedrag_van: w.bedrag_van,
        bedrag_tot: w.bedrag_tot,
    })
}

fn contactpersoon(
    f: &mut Findings,
    at: &Pad<'_>,
    w: &wire::Contactpersoon<'_>,
    basis: Basis,
) -> Option<Contactpersoon> {
    let persoon_id = f.text(&at.field("persoonId"), &w.persoon_id, 64);
    let naam = f.text(&at.field("naam"), &w.naam, 200);
    let functie = optional(w.functie.as_ref(), |t| f.text(&at.field("functie"), t, 200));
    let emailadres = optional(w.emailadres.as_ref(), |t| {
        f.emailadres(&at.field("emailadres"), t)
    });
    let telefoonnummer = optional(w.telefoonnummer.as_ref(), |t| {
        f.telefoonnummer(&at.field("telefoonnummer"), t)
    });
    let bijgewerkt_op = bijgewerkt_op(f, at, w.bijgewerkt_op.as_ref(), basis);
    Some(Contactpersoon {
        persoon_id: persoon_id?,
        naam: naam?,
        functie: functie?,
        emailadres: emailadres?,
        telefoonnummer: telefoonnummer?,
        bijgewerkt_op: bijgewerkt_op?,
    })
}

fn praktijkopleider(
    f: &mut Findings,
    at: &Pad<'_>,
    w: wire::Praktijkopleider<'_>,
    basis: Basis,
) -> Option<Praktijkopleider> {
    let persoon_id = f.text(&at.field("persoonId"), &w.persoon_id, 64);
    let naam = f.text(&at.field("naam"), &w.naam, 200);
    let emailadres = optional(w.emailadres.as_ref(), |t| {
        f.emailadres(&at.field("emailadres"), t)
    });
    let telefoonnummer = optional(w.telefoonnummer.as_ref(), |t| {
        f.telefoonnummer(&at.field("telefoonnummer"), t)
    });
    let codes = each(&at.field("codes"), w.codes, |at, c| f.code(at, &c));
    let bijgewerkt_op = bijgewerkt_op(f, at, w.bijgewerkt_op.as_ref(), basis);
    Some(Praktijkopleider {
        persoon_id: persoon_id?,
        naam: naam?,
        emailadres: emailadres?,
        telefoonnummer: telefoonnummer?,
        codes: codes?,
        bijgewerkt_op: bijgewerkt_op?,
    })
}
