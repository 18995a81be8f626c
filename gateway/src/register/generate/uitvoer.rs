//! A plan as a levering.

use std::io::Write;

use super::{MAX_RONDE, Plan, dice::scramble, generate};
use crate::{
    domain::Tijdstip,
    register::levering::{Aantallen, LeveringSoort, LeveringWriter, Voorloop, WriteError},
};

impl Plan {
    /// The first line of the levering of this plan. Its id follows from all of the plan, and its
    /// moment is six in the morning of the ronde's day, so that a plan always gives the same bytes.
    #[must_use]
    pub fn voorloop(&self) -> Voorloop {
        let ronde = self.ronde.min(MAX_RONDE);
        let dag = self.peildatum.plus_days(ronde.cast_signed());
        let levering_id = format!(
            "gen-{}-{}-{dag}-r{ronde}-{:08x}",
            self.seed,
            self.leerbedrijven,
            self.tables_digest()
        );
        Voorloop {
            levering_id,
            levering_soort: LeveringSoort::Volledig,
            aanmaak_tijdstip: Tijdstip::parse(&format!("{dag}T06:00:00Z"))
                .unwrap_or(Tijdstip::EPOCH),
            bron: "stagepoort register generate".to_owned(),
            aangekondigde_conversies: Vec::new(),
        }
    }

    /// Tells plans with other tables apart.
    fn tables_digest(&self) -> u32 {
        let codes = self.opleidingen.iter().map(|o| u64::from(o.code.as_u32()));
        let equivalenten = self
            .equivalenten
            .iter()
            .flat_map(|e| [e.code, e.equivalent_met].map(|code| u64::from(code.as_u32())));
        let postcodes = self
            .postcodes
            .iter()
            .flat_map(|p| [u64::from(p.postcode4), p.lat.to_bits(), p.lon.to_bits()]);
        let all = codes.chain(equivalenten).chain(postcodes);
        let digest = all.fold(u64::from(self.scholen), |digest, n| {
            scramble(digest.rotate_left(7) ^ n)
        });
        (digest >> 32) as u32
    }
}

/// Writes the plan as a VOLLEDIG levering; `on_written` hears of every object that was written.
/// The destination gets one write a line: give it a buffer.
///
/// # Errors
/// [`WriteError`] when the destination refuses.
pub fn write_levering<W: Write>(
    plan: &Plan,
    voorloop: &Voorloop,
    out: W,
    mut on_written: impl FnMut(),
) -> Result<(W, Aantallen), WriteError> {
    let mut writer = LeveringWriter::new(out, voorloop)?;
    for object in generate(plan) {
        writer.write(&object)?;
        on_written();
    }
    writer.finish()
}
