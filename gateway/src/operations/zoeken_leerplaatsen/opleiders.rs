//! Names of praktijkopleiders in a search that asks for them (domain rule 11).

use super::GevondenLeerbedrijf;
use crate::{
    audit::Betrokkene, operations::opvragen_detailgegevens::PraktijkopleiderDetail, replica::View,
};

/// Adds to each leerbedrijf those who train for an erkenning that is shown, the same as its
/// `aantalPraktijkopleiders` counts; gives whom it named.
pub(super) fn name_opleiders(
    view: &View,
    leerbedrijven: &mut [GevondenLeerbedrijf],
) -> Vec<Betrokkene> {
    let mut over = Vec::new();
    for leerbedrijf in leerbedrijven {
        let leerbedrijf_id = leerbedrijf.bedrijf.leerbedrijf_id;
        let Some(personen) = view.personen(leerbedrijf_id) else {
            continue;
        };
        for opleider in personen.praktijkopleiders {
            let mut shown = leerbedrijf.erkenningen.iter();
            if !shown.any(|found| opleider.codes.contains(&found.erkenning.code)) {
                continue;
            }
            over.push(Betrokkene::Persoon {
                persoon_id: opleider.persoon_id.clone(),
                leerbedrijf_id,
            });
            let named = PraktijkopleiderDetail::new(opleider);
            leerbedrijf.praktijkopleiders.push(named);
        }
    }
    over
}
