//! Fills the demo's database: who may ask what, and a made-up register.

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufReader, BufWriter},
};

use super::{
    folder::{DemoError, Folder},
    manifest::DemoAfnemer,
};
use crate::{
    access::{Toegang, open_toegang},
    clock::Clock,
    log::Opslag,
    register::{
        generate::{Plan, write_levering},
        import::{self, Options},
    },
};

/// Writes toegang.toml and applies it, as `stagepoort toegang apply` would.
pub(super) async fn apply_toegang(
    folder: &Folder,
    opslag: &Opslag,
    afnemers: &[DemoAfnemer],
    clock: &dyn Clock,
) -> Result<(), DemoError> {
    let text = document(afnemers);
    folder.write("toegang.toml", &text)?;
    Toegang::parse(&text)?;
    let store = open_toegang(opslag).await?;
    store.append(0, &text, clock.now()).await?;
    store.close().await;
    Ok(())
}

fn document(afnemers: &[DemoAfnemer]) -> String {
    let mut text =
        String::from("# Who may ask what in the demo; `stagepoort toegang apply` takes it.\n");
    let mut scholen: Vec<_> = afnemers.iter().flat_map(|a| &a.scholen).collect();
    scholen.sort_by_key(|school| school.oin);
    scholen.dedup_by_key(|school| school.oin);
    // Writing to a String cannot fail.
    for school in scholen {
        let _ = write!(
            text,
            "\n[[scholen]]\noin = \"{}\"\nbrin = \"{}\"\nnaam = {:?}\n",
            school.oin, school.brin, school.naam
        );
    }
    for afnemer in afnemers {
        let addressering = serde_json::to_string(&afnemer.addressering).unwrap_or_default();
        let _ = write!(
            text,
            "\n[[afnemers]]\noin = \"{}\"\nnaam = {:?}\nrol = \"{}\"\naddressering = {addressering}\n",
            afnemer.oin, afnemer.naam, afnemer.rol
        );
        for school in &afnemer.scholen {
            let _ = write!(
                text,
                "\n[[afnemers.mandaten]]\nschoolOin = \"{}\"\n",
                school.oin
            );
        }
    }
    text
}

/// Writes levering.ndjson and imports it, as `stagepoort register` would.
pub(super) async fn import(
    folder: &Folder,
    opslag: &Opslag,
    plan: &Plan,
    clock: &dyn Clock,
) -> Result<(), DemoError> {
    let path = folder.root.join("levering.ndjson");
    let of_file = |source| DemoError::File {
        path: path.clone(),
        source,
    };
    let file = File::create(&path).map_err(of_file)?;
    write_levering(plan, &plan.voorloop(), BufWriter::new(file), || {})?;
    let input = BufReader::new(File::open(&path).map_err(of_file)?);
    let store = opslag.open().await?;
    import::import(&store, input, Options::default(), clock, &mut |_| {}).await?;
    Ok(())
}
