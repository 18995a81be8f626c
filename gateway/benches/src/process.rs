//! Programs under measurement, and what the system says of them.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read},
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// The core of what is measured.
pub(crate) const SERVER_CORE: usize = 0;
/// The core of what asks.
pub(crate) const CLIENT_CORE: usize = 1;

/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// A program that took less than a tenth of a core for so long is at rest.
const REST: Duration = Duration::from_secs(1);

/// One that is not by then will not be.
const REST_PATIENCE: Duration = Duration::from_secs(120);

/// What a program took from start to end.
pub(crate) struct Ran {
    pub(crate) wall: Duration,
    /// User and system time, in steps of 10 ms.
    pub(crate) cpu: Duration,
    /// Most memory that was resident at once (VmHWM).
    pub(crate) peak_kib: u64,
    pub(crate) stdout: String,
}

/// A command that runs on one core.
pub(crate) fn on_core(core: usize, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core.to_string()).arg(program);
    command
}

/// Keeps this program, and what it starts, to these cores from now on.
pub(crate) fn pin_self(cores: &[usize]) -> io::Result<()> {
    let cores: Vec<String> = cores.iter().map(usize::to_string).collect();
    let cores = cores.join(",");
    let pinned = Command::new("taskset")
        .args(["-a", "-c", "-p", &cores])
        .arg(std::process::id().to_string())
        .stdout(Stdio::null())
        .status()?;
    match pinned.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("there is no core {cores}"))),
    }
}

/// Runs a program to its end.
///
/// # Errors
/// When it cannot be started, or says that it failed.
pub(crate) fn measure(command: &mut Command) -> io::Result<Ran> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut peak_kib = 0;
    let mut cpu = Duration::ZERO;
    let status = loop {
        // Its times can be read until it is waited for, its memory only while it runs.
        peak_kib = memory_kib(child.id(), "VmHWM:").unwrap_or(peak_kib);
        cpu = cpu_time(child.id()).unwrap_or(cpu);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        sleep(LOOK);
    };
    let wall = start.elapsed();
    let mut stdout = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_string(&mut stdout)?;
    }
    if !status.success() {
        return Err(io::Error::other(format!("{command:?} ended with {status}")));
    }
    Ok(Ran {
        wall,
        cpu,
        peak_kib,
        stdout,
    })
}

/// Something that takes processor time.
pub(crate) trait Measured {
    /// User and system time up to now.
    fn cpu(&self) -> io::Result<Duration>;
}

/// A program that serves until it is stopped.
pub(crate) struct Server(Child);

impl Server {
    /// Starts it; what it says goes to the end of `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> io::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        command.stdout(Stdio::null()).stderr(log).spawn().map(Self)
    }

    pub(crate) fn memory_kib(&self, field: &str) -> io::Result<u64> {
        memory_kib(self.0.id(), field)
    }

    /// The exit code, when it ended by itself.
    pub(crate) fn check(&mut self) -> io::Result<()> {
        match self.0.try_wait()? {
            None => Ok(()),
            Some(status) => Err(io::Error::other(format!("the server ended with {status}"))),
        }
    }

    /// Waits until it has next to nothing to do, such as merging its indexes after many changes.
    pub(crate) fn rest(&self) -> io::Result<()> {
        let begun = Instant::now();
        let mut before = self.cpu()?;
        while begun.elapsed() < REST_PATIENCE {
            sleep(REST);
            let now = self.cpu()?;
            if now - before < REST / 10 {
                return Ok(());
            }
            before = now;
        }
        Err(io::Error::other("the server does not come to rest"))
    }

    /// Tells it to stop and waits until it has.
    pub(crate) fn stop(mut self) -> io::Result<()> {
        Command::new("kill").arg(self.0.id().to_string()).status()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Measured for Server {
    fn cpu(&self) -> io::Result<Duration> {
        cpu_time(self.0.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// User and system time of a process: fields 14 and 15, behind a name that may hold spaces.
pub(crate) fn cpu_time(pid: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let ticks = stat.rsplit_once(')').map_or(0, |(_, fields)| {
        let fields = fields.split_whitespace().skip(11).take(2);
        fields.filter_map(|f| f.parse::<u64>().ok()).sum()
    });
    // Linux counts in hundredths of a second.
    Ok(Duration::from_millis(ticks * 10))
}

/// Processes that this one started and that still run.
pub(crate) fn children(pid: u32) -> io::Result<Vec<u32>> {
    let listed = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    Ok(listed
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect())
}

fn memory_kib(pid: u32, field: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix(field)?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .ok_or_else(|| io::Error::other("the process has ended"))
}

/// What all cores together did since the system started.
#[derive(Clone, Copy)]
pub(crate) struct MachineTime {
    all: u64,
    idle: u64,
    steal: u64,
}

impl MachineTime {
    pub(crate) fn now() -> io::Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let fields: Vec<u64> = stat
            .split_whitespace()
            .skip(1)
            .take(8)
            .filter_map(|f| f.parse().ok())
            .collect();
        match fields[..] {
            [user, nice, system, idle, iowait, irq, softirq, steal] => Ok(Self {
                all: user + nice + system + idle + iowait + irq + softirq + steal,
                idle: idle + iowait,
                steal,
            }),
            _ => Err(io::Error::other("/proc/stat is not as it should be")),
        }
    }

    /// Share of the time since `before` that the host gave to others.
    pub(crate) fn steal_since(&self, before: &Self) -> f64 {
        share(self.steal - before.steal, self.all - before.all)
    }

    /// Time that any program of this machine ran since `before`.
    pub(crate) fn busy_since(&self, before: &Self) -> Duration {
        let idle = self.idle + self.steal - before.idle - before.steal;
        Duration::from_millis((self.all - before.all).saturating_sub(idle) * 10)
    }
}

#[expect(clippy::cast_precision_loss, reason = "ticks are far below 2^52")]
fn share(part: u64, all: u64) -> f64 {
    part as f64 / all.max(1) as f64
}
