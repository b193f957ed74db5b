//! Start-up tells every fault at once, each with its place and its mending.

use std::sync::Arc;

use anywise::prelude::*;

mod faulty {
    //! Twelve different faults.

    use anywise::prelude::*;
    use anywise::{Scope, UnitOfWork, Work, WorkDemand};

    anywise::slice!(pub(super) SLICE = "faulty");

    #[command]
    struct Twice;
    #[handler]
    fn twice_one(_: Twice) {}
    #[handler]
    fn twice_two(_: Twice) {}

    #[command]
    struct Unhandled;

    #[event(name = "faulty.Same")]
    struct SameOne;
    #[event(name = "faulty.Same")]
    struct SameTwo;

    #[query(reply = u8, http = "GET /things/{id}")]
    struct ThingById {
        id: u8,
    }
    #[query(reply = u8, http = "GET /things/{name}")]
    struct ThingByName {
        name: String,
    }
    #[handler]
    fn thing_by_id(q: ThingById) -> u8 {
        q.id
    }
    #[handler]
    fn thing_by_name(q: ThingByName) -> u8 {
        u8::try_from(q.name.len()).unwrap_or(0)
    }

    struct Missing;
    struct Doubled;
    struct Egg;
    struct Hen;

    #[provide]
    fn doubled_one() -> Doubled {
        Doubled
    }
    #[provide]
    fn doubled_two() -> Doubled {
        Doubled
    }
    #[provide]
    fn egg(_hen: &Hen) -> Egg {
        Egg
    }
    #[provide]
    fn hen(_egg: &Egg) -> Hen {
        Hen
    }

    #[command]
    struct Needs;
    #[handler]
    async fn needs(_: Needs, _missing: &Missing, _doubled: &Doubled, _egg: &Egg) {}

    struct User;
    #[command]
    struct Takes;
    #[handler]
    async fn takes(_: Takes, _user: Provided<User>) {}

    #[event]
    struct Unheard;
    #[guard]
    async fn useless(_: &Unheard) -> Result<()> {
        Ok(())
    }

    struct One;
    struct Two;
    impl UnitOfWork for One {
        fn begin(_: &mut Scope<'_>) -> Result<Self> {
            Ok(Self)
        }
        fn finish(self, _: &mut Work) -> Result<()> {
            Ok(())
        }
        fn demand(demand: &mut WorkDemand) {
            demand.transaction("database one");
        }
    }
    impl UnitOfWork for Two {
        fn begin(_: &mut Scope<'_>) -> Result<Self> {
            Ok(Self)
        }
        fn finish(self, _: &mut Work) -> Result<()> {
            Ok(())
        }
        fn demand(demand: &mut WorkDemand) {
            demand.transaction("database two");
        }
    }
    #[command]
    struct Writes;
    #[handler]
    async fn writes(_: Writes, _one: &mut One, _two: &mut Two) {}

    mod elsewhere {
        use anywise::prelude::*;
        anywise::contract!("faulty-elsewhere");
        #[command]
        pub(super) struct Faraway;
    }
    #[command]
    struct Sends;
    #[handler]
    async fn sends(_: Sends, commands: Commands<(elsewhere::Faraway,)>) -> Result<()> {
        commands.send(elsewhere::Faraway).await
    }

    #[data]
    struct Made {
        thing_id: u8,
    }
    #[command(reply = Made, http("POST /made", status = 201, location = "/made/{id}"))]
    struct Make;
    #[handler]
    fn make(_: Make) -> Made {
        Made { thing_id: 1 }
    }
}

mod empty {
    anywise::slice!(pub(super) SLICE = "faulty-empty");
}

#[tokio::test]
async fn twelve_faults_are_twelve_lines() {
    let error =
        App::builder().name("faulty").slices([faulty::SLICE, empty::SLICE]).build().await.unwrap_err();
    let codes: Vec<_> = error.faults().iter().map(|fault| fault.code).collect();
    assert_eq!(
        codes,
        [
            "AW4005", "AW4006", "AW4013", "AW4014", "AW4101", "AW4102", "AW4103", "AW4104", "AW4105",
            "AW4106", "AW4108", "AW4109", "AW4112",
        ],
        "{error}"
    );
    for fault in error.faults() {
        assert!(!fault.help.is_empty(), "{fault}");
        assert!(fault.sites.iter().all(|site| site.contains("wiring_faults.rs:")), "{fault}");
        assert!(!fault.sites.is_empty(), "{fault}");
    }
    let text = error.to_string();
    assert!(text.starts_with("application `faulty` cannot start: 13 wiring faults"), "{text}");
    assert_eq!(text, format!("{error:?}"), "a `main` that returns it shows the same");
    assert!(text.contains("dependencies go in a circle: Hen → Egg → Hen"), "{text}");
    assert!(
        text.contains("`GET /things/{}` is claimed by `faulty.ThingById` and `faulty.ThingByName`"),
        "{text}"
    );
}

#[tokio::test]
async fn a_missing_dependency_that_is_almost_there_is_suggested() {
    trait Gatewey: Send + Sync {}
    struct Some;
    impl Gatewey for Some {}
    let error = App::builder()
        .slices([faulty::SLICE])
        .provide_arc::<dyn Gatewey>(Arc::new(Some))
        .provide(Missin)
        .build()
        .await
        .unwrap_err();
    let missing = error.faults().iter().find(|fault| fault.code == "AW4101").unwrap();
    assert!(missing.help.contains("did you mean `Missin`?"), "{missing}");
}

struct Missin;
