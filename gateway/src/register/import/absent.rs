//! What a VOLLEDIG levering does not have is ended (domain §5): a leerbedrijf becomes historical,
//! its people and the register's bpvo's go. What a line was set aside for stays as it was.

use super::{
    ImportError,
    compare::{Run, decode, half},
    stage::Stage,
};
use crate::{
    domain::{Bpvo, Herkomst, Kern, LeerbedrijfId, Opleiding, School},
    log::{Sleutel, Soort},
    register::levering::{ObjectSoort, Seen, Summary},
};

/// Keys looked at, and lines staged, at once.
const KEYS_PER_PAGE: u32 = 2_000;

impl Run<'_> {
    /// Walks through the keys of all that the register has and ends what the levering did not
    /// name.
    pub(super) async fn absent(
        &mut self,
        stage: &mut Stage,
        summary: &Summary,
    ) -> Result<(), ImportError> {
        self.count_kept().await?;
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
            let absent = self.absent_of(stage, soort, kind, &summary.seen).await?;
            if lines == 0 && soort != Soort::Personen {
                self.guard.note_absent(kind, absent);
            }
            if absent > 0 && self.blind.contains(&kind) && !self.not_ended.contains(&kind) {
                self.not_ended.push(kind);
            }
        }
        Ok(())
    }

    /// Leerbedrijven on bad lines were not compared, and run on.
    async fn count_kept(&mut self) -> Result<(), ImportError> {
        let kept = std::mem::take(&mut self.kept_leerbedrijven);
        for (_, blob) in self.current(Soort::Leerbedrijf, &kept).await? {
            self.count_running(&blob)?;
        }
        Ok(())
    }

    fn count_running(&mut self, blob: &[u8]) -> Result<(), ImportError> {
        let (kern, _) = postcard::take_from_bytes::<Kern>(blob)?;
        self.guard.count_running(&kern.erkenningen, self.moment.dag);
        Ok(())
    }

    /// Ends the absent ones of a kind, unless they are to be left alone; gives their number.
    async fn absent_of(
        &mut self,
        stage: &mut Stage,
        soort: Soort,
        kind: ObjectSoort,
        seen: &Seen,
    ) -> Result<u64, ImportError> {
        // Nothing of this kind was there when the comparing began, and what schools registered since
        // is theirs.
        if !self.has(soort) {
            return Ok(0);
        }
        let blind = self.blind.contains(&kind);
        let mut absent = 0;
        let mut after: Option<Sleutel> = None;
        loop {
            let mut page = self
                .store
                .keys(soort, after.as_ref(), KEYS_PER_PAGE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(absent);
            };
            after = Some(last.clone());
            page.retain(|sleutel| self.may_be_absent(soort, sleutel, seen));
            let mut values = self.current(soort, &page).await?;
            for sleutel in page {
                // Keys of objects that are gone have no value.
                let Some(blob) = values.remove(&sleutel) else {
                    continue;
                };
                if !is_absent(soort, &blob, seen)? {
                    continue;
                }
                absent += 1;
                match (blind, soort) {
                    (true, Soort::Leerbedrijf) => self.count_running(&blob)?,
                    (true, _) => {}
                    (false, _) => self.end(soort, sleutel, &blob)?,
                }
            }
            stage.add(self.take_lines()).await?;
        }
    }

    /// What the key alone tells; of the few that are left, the value is looked at.
    fn may_be_absent(&self, soort: Soort, sleutel: &Sleutel, seen: &Seen) -> bool {
        match soort {
            Soort::Leerbedrijf | Soort::Personen => {
                id_of(sleutel).is_some_and(|id| !seen.has_leerbedrijf(id))
            }
            Soort::Bpvo => !self.said_bpvos.contains(&half(sleutel)),
            _ => true,
        }
    }

    fn end(&mut self, soort: Soort, sleutel: Sleutel, blob: &[u8]) -> Result<(), ImportError> {
        match soort {
            Soort::Leerbedrijf => return self.end_leerbedrijf(sleutel, blob),
            Soort::Bpvo => return self.drop_bpvo(sleutel, decode(blob)?),
            Soort::Opleiding => self.objecten.opleiding.beeindigd += 1,
            Soort::School => self.objecten.school.beeindigd += 1,
            Soort::Personen => self.objecten.personen.beeindigd += 1,
            Soort::Equivalenten
            | Soort::Mutatie
            | Soort::Levering
            | Soort::Postcodegebied
            | Soort::Antwoord => {
                return Ok(());
            }
        }
        self.remove(soort, sleutel);
        Ok(())
    }
}

/// Whether an object came from a levering and this one does not have it.
fn is_absent(soort: Soort, blob: &[u8], seen: &Seen) -> Result<bool, ImportError> {
    Ok(match soort {
        Soort::Opleiding => !seen.has_opleiding(decode::<Opleiding>(blob)?.code),
        Soort::School => !seen.has_school(decode::<School>(blob)?.oin),
        Soort::Bpvo => decode::<Bpvo>(blob)?.herkomst != Herkomst::School,
        Soort::Leerbedrijf | Soort::Personen => true,
        Soort::Equivalenten
        | Soort::Mutatie
        | Soort::Levering
        | Soort::Postcodegebied
        | Soort::Antwoord => false,
    })
}

/// The id in a key of [`Soort::Leerbedrijf`] or [`Soort::Personen`].
fn id_of(sleutel: &Sleutel) -> Option<LeerbedrijfId> {
    let bytes: [u8; 4] = sleutel.0.as_ref().try_into().ok()?;
    LeerbedrijfId::from_u32(u32::from_be_bytes(bytes))
}
