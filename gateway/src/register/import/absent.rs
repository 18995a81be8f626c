//! What a VOLLEDIG levering does not have is ended (domain §5): a leerbedrijf becomes historical,
//! its people and the register's bpvo's go. What a line was set aside for stays as it was.

use super::{
    ImportError,
    compare::{Run, decode},
    stage::Stage,
};
use crate::{
    domain::{Bpvo, Herkomst, Kern, LeerbedrijfId, Opleiding, School},
    log::{Sleutel, Soort},
    register::levering::{ObjectSoort, Seen, Summary},
};

/// Objects looked at, and lines staged, at once.
const OBJECTS_PER_PAGE: u32 = 2_000;

impl Run<'_> {
    /// Walks through all that the register has and ends what the levering did not name.
    pub(super) async fn absent(
        &mut self,
        stage: &Stage,
        summary: &Summary,
    ) -> Result<(), ImportError> {
        let stated = summary.aantallen;
        for (soort, kind, lines) in [
            (Soort::Opleiding, ObjectSoort::Opleiding, stated.opleiding),
            (Soort::School, ObjectSoort::School, stated.school),
            (
                Soort::Leerbedrijf,
                ObjectSoort::Leerbedrijf,
                stated.leerbedrijf,
            ),
            (
                Soort::Personen,
                ObjectSoort::Leerbedrijf,
                stated.leerbedrijf,
            ),
            (Soort::Bpvo, ObjectSoort::Bpvo, stated.bpvo),
        ] {
            let (had, kept) = self.absent_of(stage, soort, kind, &summary.seen).await?;
            if lines == 0 && soort != Soort::Personen {
                self.guard.note_absent(kind, had);
            }
            if kept > 0 && !self.not_ended.contains(&kind) {
                self.not_ended.push(kind);
            }
        }
        Ok(())
    }

    /// How many the register had of the source's, and how many absent ones were left alone.
    async fn absent_of(
        &mut self,
        stage: &Stage,
        soort: Soort,
        kind: ObjectSoort,
        seen: &Seen,
    ) -> Result<(u64, u64), ImportError> {
        let blind = self.blind.contains(&kind);
        let (mut had, mut kept) = (0, 0);
        let mut after: Option<Sleutel> = None;
        loop {
            let page = self
                .store
                .scan(soort, after.as_ref(), OBJECTS_PER_PAGE)
                .await?;
            let Some((last, _)) = page.last() else {
                return Ok((had, kept));
            };
            after = Some(last.clone());
            for (sleutel, blob) in page {
                let (ours, absent) = self.look_at(soort, &sleutel, &blob, seen)?;
                had += u64::from(ours);
                match (absent, blind) {
                    (false, _) => {}
                    (true, true) => kept += 1,
                    (true, false) => self.end(soort, sleutel, &blob)?,
                }
            }
            stage.add(self.take_lines()).await?;
        }
    }

    /// Whether an object came from a levering, and whether this one does not have it.
    fn look_at(
        &mut self,
        soort: Soort,
        sleutel: &Sleutel,
        blob: &[u8],
        seen: &Seen,
    ) -> Result<(bool, bool), ImportError> {
        Ok(match soort {
            Soort::Opleiding => (true, !seen.has_opleiding(decode::<Opleiding>(blob)?.code)),
            Soort::School => (true, !seen.has_school(decode::<School>(blob)?.oin)),
            Soort::Leerbedrijf => {
                let (kern, _) = postcard::take_from_bytes::<Kern>(blob)?;
                self.guard.count_running(&kern.erkenningen, self.moment.dag);
                (true, !seen.has_leerbedrijf(kern.leerbedrijf_id))
            }
            Soort::Personen => (
                true,
                id_of(sleutel).is_some_and(|id| !seen.has_leerbedrijf(id)),
            ),
            Soort::Bpvo => {
                let bpvo: Bpvo = decode(blob)?;
                let ours = bpvo.herkomst != Herkomst::School;
                let absent = ours && !seen.has_bpvo(bpvo.school_oin, &bpvo.bpvo_kenmerk);
                (ours, absent)
            }
            Soort::Equivalenten | Soort::Mutatie | Soort::Levering => (false, false),
        })
    }

    fn end(&mut self, soort: Soort, sleutel: Sleutel, blob: &[u8]) -> Result<(), ImportError> {
        match soort {
            Soort::Leerbedrijf => {
                self.end_leerbedrijf(sleutel, blob)?;
                return Ok(());
            }
            Soort::Bpvo => return self.drop_bpvo(sleutel, decode(blob)?),
            Soort::Opleiding => self.objecten.opleiding.beeindigd += 1,
            Soort::School => self.objecten.school.beeindigd += 1,
            Soort::Personen => self.objecten.personen.beeindigd += 1,
            Soort::Equivalenten | Soort::Mutatie | Soort::Levering => return Ok(()),
        }
        self.remove(soort, sleutel);
        Ok(())
    }
}

/// The id in a key of [`Soort::Leerbedrijf`] or [`Soort::Personen`].
fn id_of(sleutel: &Sleutel) -> Option<LeerbedrijfId> {
    let bytes: [u8; 4] = sleutel.0.as_ref().try_into().ok()?;
    LeerbedrijfId::from_u32(u32::from_be_bytes(bytes))
}
