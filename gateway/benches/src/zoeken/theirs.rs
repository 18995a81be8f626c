//! PostgreSQL's side: prepared statements over its own protocol.

use std::{
    collections::BTreeMap,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use postgres::{Client, Statement, types::ToSql};

use super::{
    asking::Asker,
    places::Places,
    question::Recorded,
    register::Register,
    sql::{Depth, Parameters, Shape, Template, Value},
};
use crate::database::Database;

/// All recorded questions with their values, by depth.
pub(crate) struct Bound {
    questions: Vec<BoundQuestion>,
    templates: BTreeMap<(Shape, Depth), Template>,
}

struct BoundQuestion {
    shape: Shape,
    whole: Vec<Value>,
    keys: Vec<Value>,
}

impl BoundQuestion {
    fn values(&self, depth: Depth) -> &[Value] {
        match depth {
            Depth::Whole => &self.whole,
            Depth::Keys => &self.keys,
        }
    }
}

impl Bound {
    pub(crate) fn of(
        recorded: &[Recorded],
        register: &Register,
        places: &Places,
        school: &str,
    ) -> io::Result<Self> {
        let mut templates = BTreeMap::new();
        let mut questions = Vec::new();
        for one in recorded {
            let shape = Shape::of(one);
            let all = Parameters::of(one, register, places, school)?;
            let mut bind = |depth| {
                let template = templates
                    .entry((shape, depth))
                    .or_insert_with(|| Template::of(shape, depth));
                template.bind(&all)
            };
            questions.push(BoundQuestion {
                shape,
                whole: bind(Depth::Whole)?,
                keys: bind(Depth::Keys)?,
            });
        }
        Ok(Self {
            questions,
            templates,
        })
    }
}

/// A connection with everything prepared.
pub(crate) struct Postgres {
    client: Client,
    bound: Arc<Bound>,
    statements: BTreeMap<(Shape, Depth), Statement>,
    pub(crate) depth: Depth,
}

/// Whether a statement is planned for its values each time, or once for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plans {
    Custom,
    Generic,
}

impl Plans {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Custom => "force_custom_plan",
            Self::Generic => "force_generic_plan",
        }
    }
}

impl Postgres {
    pub(crate) fn connect(database: &Database, bound: &Arc<Bound>) -> io::Result<Self> {
        let mut client = database.connect()?;
        let mut statements = BTreeMap::new();
        for (key, template) in &bound.templates {
            let prepared = client.prepare(&template.sql);
            let statement = prepared.map_err(|error| failed(*key, error))?;
            statements.insert(*key, statement);
        }
        Ok(Self {
            client,
            bound: Arc::clone(bound),
            statements,
            depth: Depth::Whole,
        })
    }

    /// How the next questions are planned.
    pub(crate) fn plan(&mut self, plans: Plans) -> io::Result<()> {
        let set = format!("SET plan_cache_mode = {}", plans.name());
        self.client.batch_execute(&set).map_err(io::Error::other)
    }

    /// The total and the ids of the page.
    pub(crate) fn page(&mut self, nth: usize) -> io::Result<(i64, Vec<i32>)> {
        let rows = self.rows(nth, Depth::Keys)?;
        let totaal = rows.first().map_or(0, |row| row.get(1));
        Ok((totaal, rows.iter().map(|row| row.get(0)).collect()))
    }

    /// How it goes about a question, and how long each step took.
    pub(crate) fn explain(&mut self, nth: usize) -> io::Result<String> {
        let question = &self.bound.questions[nth];
        let template = &self.bound.templates[&(question.shape, self.depth)];
        let values = parameters(question.values(self.depth));
        let sql = format!("EXPLAIN (ANALYZE, BUFFERS) {}", template.sql);
        let rows = self.client.query(&sql, &values);
        let rows = rows.map_err(|error| failed((question.shape, self.depth), error))?;
        let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        Ok(lines.join("\n"))
    }

    fn rows(&mut self, nth: usize, depth: Depth) -> io::Result<Vec<postgres::Row>> {
        let question = &self.bound.questions[nth];
        let key = (question.shape, depth);
        let values = parameters(question.values(depth));
        let rows = self.client.query(&self.statements[&key], &values);
        rows.map_err(|error| failed(key, error))
    }
}

impl Asker for Postgres {
    fn ask(&mut self, nth: usize) -> io::Result<()> {
        self.rows(nth, self.depth).map(drop)
    }

    fn wake(&mut self) -> io::Result<()> {
        // It waits for as long as it takes.
        Ok(())
    }
}

/// The faster of the two ways to plan these questions: by the best of some turns of each.
pub(crate) fn choose_plans(asker: &mut Postgres, questions: &[usize]) -> io::Result<Plans> {
    const TURNS: usize = 4;

    let mut best = [Duration::MAX; 2];
    for _ in 0..TURNS {
        for (best, plans) in best.iter_mut().zip([Plans::Custom, Plans::Generic]) {
            asker.plan(plans)?;
            let begin = Instant::now();
            questions.iter().try_for_each(|nth| asker.ask(*nth))?;
            *best = begin.elapsed().min(*best);
        }
    }
    let [custom, generic] = best;
    Ok(match generic < custom {
        true => Plans::Generic,
        false => Plans::Custom,
    })
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|v| v as &(dyn ToSql + Sync)).collect()
}

fn failed(key: (Shape, Depth), error: postgres::Error) -> io::Error {
    let reason = error
        .as_db_error()
        .map_or_else(|| error.to_string(), ToString::to_string);
    io::Error::other(format!("{key:?}: {reason}"))
}
