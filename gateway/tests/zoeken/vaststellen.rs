//! vaststellenLeerbedrijf where a place and a land are asked for.

use stagepoort::operations::vaststellen_leerbedrijf::{self, MatchKwaliteit, Request};

use crate::{
    bouw::{adres, id, leerbedrijf, wereld},
    register::{NOON, Register, SCHOOL, caller, moment},
};

const NEDERLANDS: u32 = 0;
const BELGISCH: u32 = 1;

#[tokio::test]
async fn of_two_places_with_a_name_the_one_of_the_land_is_meant() {
    let mut dutch = leerbedrijf(NEDERLANDS, "Garage Verstappen");
    dutch.gegevens.vestigingsadres = adres("Putte", "4645AA", Some((51.36, 4.39)));
    let mut belgian = leerbedrijf(BELGISCH, "Bakkerij Peeters");
    belgian.gegevens.vestigingsadres = adres("Putte", "2580", Some((51.05, 4.63)));
    belgian.gegevens.vestigingsadres.land = "BE".to_owned();
    let register = Register::new(wereld([], [dutch, belgian]), moment(NOON)).await;
    // The name is not quite right, so that only the place brings it up.
    for (naam, land, expect) in [
        ("Bakkerij Peters", Some("BE"), Some(BELGISCH)),
        ("Bakkerij Peters", Some("be"), Some(BELGISCH)),
        ("Bakkerij Peters", Some("NL"), None),
        ("Garage Verstapen", Some("BE"), None),
        ("Garage Verstapen", Some("NL"), Some(NEDERLANDS)),
        ("Garage Verstapen", None, Some(NEDERLANDS)),
    ] {
        let request = Request {
            naam: Some(naam.to_owned()),
            plaats: Some("Putte".to_owned()),
            land: land.map(str::to_owned),
            ..Request::default()
        };
        let caller = caller(SCHOOL);
        let ctx = register.context(&caller, register.now);
        let found = vaststellen_leerbedrijf::run(&ctx, request).response;
        let first = found.leerbedrijven.first();
        let how = first.map(|f| (f.leerbedrijf_id, f.match_kwaliteit));
        let expect = expect.map(|n| (id(n), MatchKwaliteit::Waarschijnlijk));
        assert_eq!(how, expect, "{naam} {land:?}");
    }
}
