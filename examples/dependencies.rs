//! Dependencies: borrowed with `&`, built by the slice itself, replaced in a test.

use std::sync::Arc;

use anywise::prelude::*;

anywise::slice!(SLICE = "weather", "Says what the sky does.");

/// Ask for the weather.
#[query(reply = String)]
struct Weather {
    city: String,
}

/// Where forecasts come from. Functions borrow it as `&dyn Forecast`.
trait Forecast: Send + Sync {
    fn of(&self, city: &str) -> String;
}

/// A weather station: a dependency that the program gives to the builder.
#[derive(Clone)]
struct Station {
    name: &'static str,
}

impl Forecast for Station {
    fn of(&self, city: &str) -> String {
        format!("{}: rain in {city}", self.name)
    }
}

/// The slice brings its own forecast. It is made once, in `build`, out of other dependencies.
#[provide]
fn forecast(station: &Station) -> Arc<dyn Forecast> {
    Arc::new(station.clone())
}

#[handler]
fn weather(query: &Weather, forecast: &dyn Forecast) -> String {
    forecast.of(&query.city)
}

struct AlwaysSunny;

impl Forecast for AlwaysSunny {
    fn of(&self, city: &str) -> String {
        format!("sun in {city}")
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    let station = Station { name: "north station" };
    let app = App::builder().slices([SLICE]).provide(station.clone()).build().await?;
    assert_eq!(app.send(Weather { city: "Oslo".into() }).await?, "north station: rain in Oslo");

    // A test replaces a dependency by its type; everything else is the same wiring.
    let fake: Arc<dyn Forecast> = Arc::new(AlwaysSunny);
    let app = App::builder().slices([SLICE]).provide(station).replace(fake).build().await?;
    assert_eq!(app.send(Weather { city: "Oslo".into() }).await?, "sun in Oslo");

    // What is missing is named at start-up, with the lines that need it.
    let error = App::builder().slices([SLICE]).build().await.expect_err("no station is given");
    assert_eq!(error.faults()[0].code, "AW4101");
    println!("{error}");
    Ok(())
}
