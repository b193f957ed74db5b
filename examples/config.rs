//! Configuration: a section read into a struct, at start-up, with the path of what is wrong.

use std::collections::BTreeMap;

use anywise::prelude::*;

anywise::slice!(SLICE = "mail", "Sends letters.");

/// The section `mail` of the configuration. Functions borrow it as `&MailConfig`.
#[config(prefix = "mail")]
struct MailConfig {
    sender: String,
    #[serde(default = "three")]
    attempts: u8,
}

fn three() -> u8 {
    3
}

/// Write a letter.
#[command(reply = String)]
struct Write {
    to: String,
}

#[handler]
fn write(cmd: &Write, config: &MailConfig) -> String {
    format!("{} to {}, {} attempts", config.sender, cmd.to, config.attempts)
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    // Anything that serialises to a map, such as a parsed TOML file. The environment
    // lies over it: `EXAMPLE_MAIL__ATTEMPTS=5` sets `mail.attempts`.
    let config = BTreeMap::from([("mail", BTreeMap::from([("sender", "shop@example.org")]))]);
    let app = App::builder().slices([SLICE]).config(config).config_env("EXAMPLE").build().await?;
    let written = app.send(Write { to: "ann".into() }).await?;
    assert_eq!(written, "shop@example.org to ann, 3 attempts");

    // A section that does not fit stops the program before it takes a message.
    let config = BTreeMap::from([("mail", BTreeMap::from([("attempts", 300)]))]);
    let error = App::builder().slices([SLICE]).config(config).build().await.expect_err("300 is no `u8`");
    assert_eq!(error.faults()[0].code, "AW4111");
    println!("{error}");
    Ok(())
}
