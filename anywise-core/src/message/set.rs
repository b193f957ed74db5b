//! Sets of messages at type level: `(PaymentSettled, PaymentDeclined)`.
//!
//! A tuple of messages is a set; whether a message is in it is decided by the
//! compiler, so what a function emits or sends is exact. `Here<N>` is inferred
//! and never written.

use crate::message::{Command, Event, Message, MessageMeta, Query};

/// A tuple of up to twelve messages.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of messages",
    label = "expected a tuple of messages",
    note = "write a tuple, also for a single message: `(PaymentSettled,)`"
)]
pub trait MessageSet: Send + Sync + 'static {
    #[doc(hidden)]
    fn describe() -> Vec<&'static MessageMeta>;
}

/// A tuple of up to twelve commands.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of commands",
    label = "expected a tuple of commands",
    note = "write a tuple, also for a single command: `(ShipOrder,)`; queries go into `Queries<(..)>`, events into `Events<(..)>`"
)]
pub trait CommandSet: MessageSet {}

/// A tuple of up to twelve queries.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of queries",
    label = "expected a tuple of queries",
    note = "write a tuple, also for a single query: `(GetOrder,)`; commands go into `Commands<(..)>`, events into `Events<(..)>`"
)]
pub trait QuerySet: MessageSet {}

/// A tuple of up to twelve events.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of events",
    label = "expected a tuple of events",
    note = "write a tuple, also for a single event: `(PaymentSettled,)`; commands go into `Commands<(..)>`"
)]
pub trait EventSet: MessageSet {}

/// Position of a message in a set; inferred.
pub struct Here<const N: usize>;

/// No message. It keeps a set of one from deciding, by inference, what is asked
/// of it, which would hide the words below.
#[doc(hidden)]
pub enum NoMessage {}
impl<A: Message> Has<NoMessage, Here<{ usize::MAX }>> for (A,) {}

/// The set holds the message `M`.
#[diagnostic::on_unimplemented(
    message = "`{M}` is not declared in the set `{Self}`",
    label = "not declared in this function's signature",
    note = "add `{M}` to the tuple in the parameter's type: what a function emits and sends is read from its signature"
)]
pub trait Has<M, Position> {}

macro_rules! sets {
    ($(($($name:ident)*) [$($member:ident $at:literal)*];)*) => {$(
        impl<$($name: Message),*> MessageSet for ($($name,)*) {
            fn describe() -> Vec<&'static MessageMeta> {
                vec![$($name::META),*]
            }
        }
        impl<$($name: Command),*> CommandSet for ($($name,)*) {}
        impl<$($name: Query),*> QuerySet for ($($name,)*) {}
        impl<$($name: Event),*> EventSet for ($($name,)*) {}
        sets!(@has ($($name)*) [$($member $at)*]);
    )*};
    (@has ($($name:ident)*) []) => {};
    (@has $names:tt [$member:ident $at:literal $($more:tt)*]) => {
        sets!(@one $names $member $at);
        sets!(@has $names [$($more)*]);
    };
    (@one ($($name:ident)*) $member:ident $at:literal) => {
        impl<$($name: Message),*> Has<$member, Here<$at>> for ($($name,)*) {}
    };
}

sets! {
    (A) [A 0];
    (A B) [A 0 B 1];
    (A B C) [A 0 B 1 C 2];
    (A B C D) [A 0 B 1 C 2 D 3];
    (A B C D E) [A 0 B 1 C 2 D 3 E 4];
    (A B C D E F) [A 0 B 1 C 2 D 3 E 4 F 5];
    (A B C D E F G) [A 0 B 1 C 2 D 3 E 4 F 5 G 6];
    (A B C D E F G H) [A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7];
    (A B C D E F G H I) [A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8];
    (A B C D E F G H I J) [A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9];
    (A B C D E F G H I J K) [A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10];
    (A B C D E F G H I J K L) [A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11];
}
