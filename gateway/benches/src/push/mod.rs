//! Delivering mutaties: one node with a durable PostgreSQL, and a receiver on the same machine.

mod backlog;
pub(crate) mod bare;
mod latency;
pub(crate) mod receiver;
mod register;

use std::{
    io,
    path::PathBuf,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use stagepoort::{
    clock::{Clock, SystemClock},
    config::Config,
    domain::Oin,
    log::Opslag,
    push::{
        Abonnement, AbonnementId, AbonnementStatus, Geheim, Kanaal, Laatste, PushStore, open_push,
        store::Wijziging,
    },
};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{
    Plan,
    database::{Database, Purpose},
    node::Node,
    process::{CLIENT_CORE, SERVER_CORE, pin_self},
    report::Section,
};
use receiver::Receiver;
use register::Register;

/// Subscriptions, each for one school.
const SUBSCRIPTIONS: usize = 4;

/// The database, and the settings of the node.
const NAME: &str = "push";

/// Without any progress for so long nothing will come any more.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(20);

/// All that takes part.
struct Field<'p> {
    plan: &'p Plan,
    /// Of the receiver, and of who writes.
    runtime: Runtime,
    database: Database,
    node: Node,
    settings: PathBuf,
    /// Messages under way at once to all endpoints.
    together: usize,
    register: Register,
    push: Arc<dyn PushStore>,
    receiver: Receiver,
    abonnementen: Vec<Abonnement>,
}

/// Figures of delivering what waits, and of the way from a commit to its receipt.
pub(super) fn run(plan: &Plan, section: &mut Section) -> io::Result<()> {
    // Nobody has a core of its own: node, database, receiver and writer share the two.
    pin_self(&[SERVER_CORE, CLIENT_CORE])?;
    section
        .circumstance("node, PostgreSQL and receiver share two cores; every commit is on the disk");
    let mut field = Field::prepare(plan)?;
    backlog::sustained(&mut field, section)?;
    latency::figures(&mut field, section)?;
    backlog::weekend(&mut field, section)?;
    field.node.server.stop()
}

impl<'p> Field<'p> {
    fn prepare(plan: &'p Plan) -> io::Result<Self> {
        let demo = plan.folder.demo()?;
        let afnemers = demo.afnemers_with_schools().take(SUBSCRIPTIONS);
        let parse = |text: &str| Oin::parse(text).map_err(io::Error::other);
        let whose = afnemers
            .map(|(afnemer, school)| Ok((parse(afnemer)?, parse(school)?)))
            .collect::<io::Result<Vec<_>>>()?;
        let scholen: Vec<Oin> = whose.iter().map(|(_, school)| *school).collect();
        let database = Database::start(Purpose::Keeping)?;
        database
            .connect()?
            .batch_execute(&format!("CREATE DATABASE {NAME}"))
            .map_err(io::Error::other)?;
        let url = database.url(NAME);
        Register::import(plan, &url, &scholen)?;
        database.rest(NAME)?;
        plan.folder.apply_toegang(&url)?;
        let node = Node::start_beside(plan, NAME, &url)?;
        let settings = plan.folder.root.join(format!("{NAME}.toml"));
        let config = Config::load(&settings).map_err(io::Error::other)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let receiver = runtime.block_on(Receiver::start(&config.tls))?;
        let register = runtime.block_on(Register::open(plan, &url, &scholen))?;
        let opslag = Opslag::parse(&url).map_err(io::Error::other)?;
        let push = runtime.block_on(open_push(&opslag));
        let mut field = Self {
            plan,
            runtime,
            database,
            node,
            settings,
            together: scholen.len() * config.push.gelijktijdig_per_eindpunt,
            register,
            push: push.map_err(io::Error::other)?,
            receiver,
            abonnementen: Vec::new(),
        };
        for (nth, (afnemer, school)) in whose.into_iter().enumerate() {
            field.subscribe(nth, afnemer, school)?;
        }
        Ok(field)
    }

    /// A subscription whose deliveries wait until it is resumed.
    fn subscribe(&mut self, nth: usize, afnemer_oin: Oin, school_oin: Oin) -> io::Result<()> {
        let abonnement = Abonnement {
            id: AbonnementId(Uuid::from_u128(nth as u128 + 1)),
            afnemer_oin,
            school_oin: Some(school_oin),
            kanaal: Kanaal::Webhook,
            eindpunt: Some(self.receiver.url(nth)),
            mutatie_soorten: Vec::new(),
            codes: Vec::new(),
            per_bericht: 1,
            ed25519: false,
            geheimen: vec![Geheim::of_random([7; 32])],
            status: AbonnementStatus::Gepauzeerd,
            reden: None,
            aangemaakt_op: SystemClock.now(),
        };
        let inserted = self.runtime.block_on(self.push.insert(&abonnement));
        inserted.map_err(io::Error::other)?;
        self.abonnementen.push(abonnement);
        Ok(())
    }

    /// From now on all of them stand so.
    fn set_status(&mut self, status: AbonnementStatus) -> io::Result<()> {
        for before in &mut self.abonnementen {
            let after = Abonnement {
                status,
                ..before.clone()
            };
            let wijziging = Wijziging {
                abonnement: after.clone(),
                begin_opnieuw: false,
                proef: false,
            };
            let changed = self.runtime.block_on(self.push.change(before, &wijziging));
            if !changed.map_err(io::Error::other)? {
                return Err(io::Error::other("a subscription is not as it should be"));
            }
            *before = after;
        }
        Ok(())
    }

    /// How far each subscription is.
    fn laatste(&self) -> io::Result<Vec<Laatste>> {
        let ids: Vec<AbonnementId> = self.abonnementen.iter().map(|one| one.id).collect();
        let asked = self.runtime.block_on(self.push.laatste(&ids));
        asked.map_err(io::Error::other)
    }

    /// Waits until what the subscriptions count fits; an error when it stands still.
    fn wait(&self, what: &str, fits: impl Fn(&[Laatste]) -> bool) -> io::Result<()> {
        let mut last = (Vec::new(), Instant::now());
        loop {
            let far = self.laatste()?;
            if fits(&far) {
                return Ok(());
            }
            if far != last.0 {
                last = (far, Instant::now());
            }
            if last.1.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("{what}, and no more comes")));
            }
            sleep(LOOK);
        }
    }

    /// Changes so many leerbedrijven of each of these schools, and waits until all are numbered.
    fn pile_up(&mut self, schools: &[usize], each: usize) -> io::Result<()> {
        let before = numbered(&self.laatste()?);
        for school in schools {
            let changing = self.register.change_many(*school, each);
            self.runtime.block_on(changing)?;
        }
        let expect = before + (schools.len() * each) as u64;
        self.wait("not everything was numbered", |far| numbered(far) == expect)?;
        self.node.server.rest()
    }

    /// Waits until every receipt is written down.
    fn settle(&self) -> io::Result<()> {
        self.wait("not everything was delivered", |far| {
            far.iter()
                .all(|one| one.volledig_tot_en_met == one.laatste_volgnummer)
        })
    }
}

fn numbered(far: &[Laatste]) -> u64 {
    far.iter().map(|one| one.laatste_volgnummer).sum()
}
