//! How often a message allocates: exact, so that it is a test.
//!
//! One test, because the counter counts for a thread and its warm-up must not
//! be another test's.

use allocation_counter::measure;
use anywise::prelude::*;
use bench::now;

macro_rules! sized_slice {
    ($slice:literal) => {
        use anywise::prelude::*;

        anywise::slice!(pub(crate) SLICE = $slice);

        #[command(local, reply = u64)]
        pub(crate) struct Add {
            pub(crate) to: u64,
        }
    };
}

mod asynchronous {
    sized_slice!("allocations.async");
    #[handler]
    async fn add(cmd: Add) -> u64 {
        cmd.to + 1
    }
}

mod synchronous {
    sized_slice!("allocations.sync");
    #[handler]
    fn add(cmd: Add) -> u64 {
        cmd.to + 1
    }
}

mod dependent {
    sized_slice!("allocations.dependent");
    #[handler]
    async fn add(cmd: Add, one: &u64, two: &u32, three: &u16) -> u64 {
        cmd.to + one + u64::from(*two) + u64::from(*three)
    }
}

mod guarded {
    sized_slice!("allocations.guarded");
    #[guard]
    async fn first(cmd: &Add, one: &u64) -> Result<()> {
        if cmd.to < *one { Err(Error::internal("too small")) } else { Ok(()) }
    }
    #[guard(slice)]
    async fn second(one: &u64) -> Result<()> {
        if *one == 0 { Err(Error::internal("zero")) } else { Ok(()) }
    }
    #[guard(commands)]
    fn third(two: &u32) -> Result<()> {
        if *two == 0 { Err(Error::internal("zero")) } else { Ok(()) }
    }
    #[handler]
    async fn add(cmd: Add) -> u64 {
        cmd.to + 1
    }
}

mod around_one {
    sized_slice!("allocations.around-one");
    #[guard(around, slice)]
    async fn around(mut next: Next<'_>) -> Result<()> {
        next.run().await
    }
    #[handler]
    async fn add(cmd: Add) -> u64 {
        cmd.to + 1
    }
}

mod around_two {
    sized_slice!("allocations.around-two");
    #[guard(around, slice)]
    async fn outer(mut next: Next<'_>) -> Result<()> {
        next.run().await
    }
    #[guard(around, slice)]
    async fn inner(mut next: Next<'_>) -> Result<()> {
        next.run().await
    }
    #[handler]
    async fn add(cmd: Add) -> u64 {
        cmd.to + 1
    }
}

mod heard {
    use anywise::prelude::*;

    anywise::slice!(pub(crate) SLICE = "allocations.heard");

    #[event(local)]
    pub(crate) struct Heard;

    macro_rules! listeners {
        ($($name:ident)*) => {$(
            #[listen]
            async fn $name(_: &Heard) {}
        )*};
    }
    listeners!(a b c d e f g h i j);
}

fn app(slice: anywise::Slice) -> App {
    let builder = App::builder().slices([slice]).provide(1_u64).provide(2_u32).provide(3_u16);
    now(builder.build()).unwrap_or_else(|error| panic!("{error}"))
}

macro_rules! allocations {
    ($module:ident) => {{
        let app = app($module::SLICE);
        let send =
            || now(async { app.send($module::Add { to: 41 }).await }).map_err(|error| error.to_string());
        send().expect("the handler answers");
        measure(|| drop(send())).count_total
    }};
}

#[test]
fn a_message_allocates_as_often_as_is_said_and_no_more() {
    assert_eq!(allocations!(asynchronous), 1, "the handler's future");
    assert_eq!(allocations!(synchronous), 0);
    assert_eq!(allocations!(dependent), 1, "dependencies are borrowed");
    assert_eq!(allocations!(guarded), 1, "before-guards run inside the handler's future");

    let (one, two) = (allocations!(around_one), allocations!(around_two));
    assert_eq!((one, two), (2, 3), "one more for each around-guard");
    assert!(two <= one + 1, "each further one is one more: {one}, {two}");

    let app = app(heard::SLICE);
    let publish = || now(async { app.publish(heard::Heard).await }).map_err(|error| error.to_string());
    publish().expect("the listeners hear");
    assert!(measure(|| drop(publish())).count_total <= 10, "at most one a listener");
}
