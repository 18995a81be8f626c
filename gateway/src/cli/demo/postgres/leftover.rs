//! A server that outlived its demo, which was killed in a way that it could do nothing about.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use super::{DATA, MAP};

/// Looks at whether it has ended, and how often before it is killed, and once more after that.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: u32 = 200;

/// Ends the server of an earlier demo in this folder, if it still runs. Nobody needs what it holds.
pub(in crate::cli::demo) fn end_leftover(map: &Path) {
    let Ok(data) = map.join(MAP).join(DATA).canonicalize() else {
        return;
    };
    let Some(pid) = pid_in(&data).filter(|pid| runs_in(*pid, &data)) else {
        return;
    };
    for how in ["QUIT", "KILL"] {
        signal(pid, how);
        for _ in 0..LOOKS {
            if !runs_in(pid, &data) {
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// Sends it, if it is there.
pub(super) fn signal(pid: u32, name: &str) {
    let sent = Command::new("sh")
        .args(["-c", "kill -\"$1\" \"$2\"", "stagepoort", name])
        .arg(pid.to_string())
        .stderr(Stdio::null())
        .status();
    // Who ended meanwhile is what was wanted.
    drop(sent);
}

fn pid_in(data: &Path) -> Option<u32> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

/// The id alone may be of another process by now; a server works in its own folder.
fn runs_in(pid: u32, data: &Path) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == data)
}
