//! What was found: shown at once, kept as JSON by section, and put together as one table.

use std::{fs, io, io::Write, path::Path};

use serde::{Deserialize, Serialize};

/// The figures of one section.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Section {
    pub(crate) name: String,
    /// When it was measured, UTC.
    pub(crate) tijdstip: String,
    /// How large, how often, on what, and how quiet the machine was.
    pub(crate) circumstances: Vec<String>,
    pub(crate) figures: Vec<Figure>,
}

/// One figure.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) what: String,
    /// With its spread where there is one.
    pub(crate) found: String,
    /// In words; none for a figure that only explains others.
    pub(crate) target: Option<String>,
    pub(crate) met: Option<bool>,
}

impl Section {
    pub(crate) fn new(name: &str, tijdstip: String) -> Self {
        Self {
            name: name.to_owned(),
            tijdstip,
            circumstances: Vec::new(),
            figures: Vec::new(),
        }
    }

    pub(crate) fn circumstance(&mut self, text: impl Into<String>) {
        self.circumstances.push(text.into());
    }

    pub(crate) fn figure(&mut self, what: impl Into<String>, found: impl Into<String>) {
        self.add(what.into(), found.into(), None);
    }

    pub(crate) fn against(
        &mut self,
        what: impl Into<String>,
        found: impl Into<String>,
        target: impl Into<String>,
        met: bool,
    ) {
        self.add(what.into(), found.into(), Some((target.into(), met)));
    }

    fn add(&mut self, what: String, found: String, target: Option<(String, bool)>) {
        let (target, met) = target.unzip();
        let figure = Figure {
            what,
            found,
            target,
            met,
        };
        say(&figure.line());
        self.figures.push(figure);
    }

    /// Keeps this section, and writes the table of all that are kept.
    pub(crate) fn save(&self, folder: &Path) -> io::Result<()> {
        let json = serde_json::to_string_pretty(self)?;
        fs::write(folder.join(format!("{}.json", self.name)), json + "\n")?;
        let mut table = String::from("# Figures of Stagepoort\n");
        for name in super::SECTIONS {
            let Ok(kept) = fs::read_to_string(folder.join(format!("{name}.json"))) else {
                continue;
            };
            table += &serde_json::from_str::<Self>(&kept)?.markdown();
        }
        fs::write(folder.join("figures.md"), table)
    }

    fn markdown(&self) -> String {
        let mut text = format!("\n## {}, {}\n\n", self.name, self.tijdstip);
        for circumstance in &self.circumstances {
            text += &format!("- {circumstance}\n");
        }
        text += "\n| what | found | target | |\n|---|---|---|---|\n";
        for figure in &self.figures {
            let target = figure.target.as_deref().unwrap_or("");
            let mark = figure.mark();
            text += &format!(
                "| {} | {} | {target} | {mark} |\n",
                figure.what, figure.found
            );
        }
        text
    }
}

impl Figure {
    fn mark(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "",
        }
    }

    fn line(&self) -> String {
        let Self { what, found, .. } = self;
        match &self.target {
            Some(target) => format!("  {what}: {found} (target {target}: {})", self.mark()),
            None => format!("  {what}: {found}"),
        }
    }
}

/// Shows a line; a closed pipe ends the showing, not the measuring.
pub(crate) fn say(line: &str) {
    drop(writeln!(io::stdout().lock(), "{line}"));
}

/// Middle, smallest and largest of some values, of which there must be one at least.
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(values[middle - 1], values[middle])
        } else {
            values[middle]
        };
        Self {
            median,
            min: values[0],
            max: values[values.len() - 1],
        }
    }

    /// The median with the range behind it.
    pub(crate) fn show(&self, digits: usize) -> String {
        let Self { median, min, max } = self;
        format!("{median:.digits$} ({min:.digits$} to {max:.digits$})")
    }
}
