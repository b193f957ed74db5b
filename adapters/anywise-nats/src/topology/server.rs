//! Whether the server is one that keeps what it promises.

use anywise_core::Result;

use crate::Nats;
use crate::connection::Connection;
use crate::error::{unfit, weak};

/// The oldest release: older ones ignore which events a group listens to.
const FLOOR: [u32; 3] = [2, 10, 0];
/// The oldest release that keeps all but one process of a group waiting.
const ORDERED: [u32; 3] = [2, 11, 0];
/// Releases that lose whole streams when they crash.
const LOSSY: std::ops::RangeInclusive<[u32; 3]> = [2, 10, 20]..=[2, 10, 22];

pub(crate) fn check(nats: &Nats, connection: &Connection) -> Result<()> {
    let version = connection.server_version();
    check_release(&version, connection.address(), nats.config.ordered, nats.config.weaker)?;
    if connection.client.server_info().jetstream {
        return Ok(());
    }
    let at = connection.address();
    Err(unfit(format!("the NATS server at {at} runs without JetStream: start it with `-js`")))
}

fn check_release(version: &str, at: &str, ordered: bool, weaker: bool) -> Result<()> {
    let release = release(version);
    if release < FLOOR {
        return Err(unfit(format!(
            "the NATS server at {at} is of release {version}: use 2.10 or newer; this one gives a group events \
             that it does not listen to"
        )));
    }
    if ordered && release < ORDERED {
        return Err(unfit(format!(
            "the NATS server at {at} is of release {version}: `ordered` needs 2.11 or newer"
        )));
    }
    if LOSSY.contains(&release) && !weaker {
        return Err(weak(format!(
            "the NATS server at {at} is of release {version}, which loses whole streams when it crashes: use \
             2.10.23 or newer, or say `accept_weaker_durability`"
        )));
    }
    Ok(())
}

/// The numbers of a release; what cannot be read counts as old.
fn release(version: &str) -> [u32; 3] {
    let version = version.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version: &str, ordered: bool, weaker: bool, code: Option<&str>) {
        let found = check_release(version, "nats://host", ordered, weaker).err();
        assert_eq!(found.as_ref().map(anywise_core::Error::code), code, "{version}: {found:?}");
    }

    #[test]
    fn releases_are_told_apart() {
        check("2.9.10", false, false, Some("AW2021"));
        check("2.9.10", false, true, Some("AW2021"));
        check("", false, false, Some("AW2021"));
        check("2.10.0", false, false, None);
        check("2.10.21", false, false, Some("AW3023"));
        check("2.10.21", false, true, None);
        check("2.10.23", false, false, None);
        check("2.10.25", true, false, Some("AW2021"));
        check("v2.11.0-RC.1", true, false, None);
        check("2.15.1", true, false, None);
        check("3.0.0", true, false, None);
    }
}
