//! Every refusal in words: what must be so, and what to write instead. Where each one points is seen in `tests/crates/ui`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;

use super::expand_item;

/// Checks that `source` is refused with exactly these messages, and that the user's item is still there.
#[track_caller]
fn check(source: &str, expected: &[&str]) {
    let item: syn::Item = syn::parse_str(source).expect("the source is Rust");
    let expanded = expand_item(item);
    assert_eq!(messages(expanded.clone()), expected, "{source}");
    let name = source
        .split([' ', '(', '<', ';'])
        .find(|word| source.contains(&format!("fn {word}")) || source.contains(&format!("struct {word}")));
    if let Some(name) = name {
        assert!(expanded.to_string().contains(name), "the item is emitted again: {source}");
    }
}

/// The texts of all `compile_error!` calls.
fn messages(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let calls =
        tokens.windows(3).filter(|call| call[0].to_string() == "compile_error" && call[1].to_string() == "!");
    let texts = calls.map(|call| match &call[2] {
        TokenTree::Group(group) => group.stream(),
        other => other.to_token_stream(),
    });
    texts.map(|text| syn::parse2::<syn::LitStr>(text).expect("an error is one text").value()).collect()
}

#[test]
fn a_function_without_a_body_is_refused_and_not_emitted_again() {
    let expanded = crate::handler::handler(
        TokenStream::new(),
        &quote::quote!(
            async fn later(cmd: Pay);
        ),
    );
    let expected = "handler `later` must have a body\nhelp: write `{ .. }` instead of `;`";
    assert_eq!(messages(expanded.clone()), [expected]);
    assert!(!expanded.to_string().contains("async"), "rustc would report it again");
}

#[test]
fn a_function_attribute_stands_on_a_function_with_a_body() {
    check(
        "#[handler] struct NoFunction;",
        &["a handler must be a function\n\
             help: write the attribute directly above an `async fn` or a `fn`"],
    );
}

#[test]
fn a_signature_is_one_known_signature() {
    check(
        "#[handler] fn generic<T>(cmd: T) {}",
        &["handler `generic` must not be generic\n\
             note: it is registered when the program is linked, so every type in it must be known"],
    );
    check(
        "#[handler] fn lifetimes<'a>(cmd: &'a Pay) {}",
        &["handler `lifetimes` must not name lifetimes\n\
             help: remove them and write `&T`: every borrow lasts for the call"],
    );
    check(
        "#[handler] fn bounded(cmd: Pay) where Pay: Copy {}",
        &["handler `bounded` must not be generic\n\
             note: it is registered when the program is linked, so every type in it must be known"],
    );
    check(
        "#[handler] const fn constant(cmd: Pay) {}",
        &["handler `constant` must not be `const`\n\
             help: remove `const`"],
    );
    check(
        "#[handler] unsafe fn dangerous(cmd: Pay) {}",
        &["handler `dangerous` must not be `unsafe`\n\
             help: remove `unsafe`: the framework calls it with any message"],
    );
    check(
        r#"#[handler] extern "C" fn foreign(cmd: Pay) {}"#,
        &["handler `foreign` must be a plain Rust function\n\
             help: remove `extern`"],
    );
    check(
        "#[handler] fn method(&self, cmd: Pay) {}",
        &["handler `method` must be a free function\n\
             help: remove `self`, or put `#[handlers]` on the `impl` block around it"],
    );
    check(
        "#[handler] fn sometimes(cmd: Pay, #[cfg(test)] clock: &Clock) {}",
        &["handler `sometimes` must have the same parameters in every build\n\
             help: remove the `#[cfg(..)]`, or put it on the whole function and write a second one"],
    );
    check(
        "#[handler] fn any(cmd: Pay, gateway: &impl Gateway) {}",
        &["handler `any` must name the type of `gateway` instead of `impl Trait`\n\
             note: it is registered when the program is linked, so every type in it must be known"],
    );
    check(
        "#[listen] fn any(event: &Paid) -> impl Answer {}",
        &["listener `any` must name the type of the return value instead of `impl Trait`\n\
             note: it is registered when the program is linked, so every type in it must be known"],
    );
    check(
        "#[handler] fn named(cmd: Pay, clock: &'static Clock) {}",
        &["handler `named` must borrow `clock` without naming a lifetime\n\
             help: write `&Clock`: the borrow lasts for the call"],
    );
}

#[test]
fn a_receiver_takes_its_message_first() {
    check(
        "#[handler] async fn empty() {}",
        &["handler `empty` must take a message as its first parameter\n\
             help: write the message first, by value or by `&`: `message: MyMessage`"],
    );
    check(
        "#[listen] async fn mutable(event: &mut Paid) {}",
        &["listener `mutable` must take its message by value or by `&`\n\
             help: write `event: Paid`"],
    );
    check(
        "#[guard] fn empty() -> Result<()> {}",
        &["guard `empty` must take a message as its first parameter\n\
             help: write the message first, by value or by `&`: `message: MyMessage`"],
    );
}

#[test]
fn keys_are_legal_come_once_and_have_a_value() {
    check(
        "#[handler(retries = 3)] fn unknown(cmd: Pay) {}",
        &["handler `unknown` must not have the key `retries`\n\
             help: the keys are `timeout`, `concurrency`, `blocking`, `crate`"],
    );
    check(
        "#[listen(requires(durable, order))] fn asks(event: &Paid) {}",
        &["listener `asks` must have some of `durable`, `ordered`, `replay` as `requires`\n\
             help: write `requires(durable, ordered)`"],
    );
    check(
        "#[listen(requires = durable)] fn asks(event: &Paid) {}",
        &["listener `asks` must have a well-formed key `requires`\n\
             help: write `requires(durable, ordered)`"],
    );
    check(
        r#"#[handler(timout = "5s")] fn near(cmd: Pay) {}"#,
        &["handler `near` must not have the key `timout`\n\
             help: did you mean `timeout`? the keys are `timeout`, `concurrency`, `blocking`, `crate`"],
    );
    check(
        r#"#[handler(timeout = "5s", timeout = "6s")] fn twice(cmd: Pay) {}"#,
        &["handler `twice` must have the key `timeout` once\n\
             help: remove one of the two"],
    );
    check(
        "#[handler(timeout)] fn bare(cmd: Pay) {}",
        &["handler `bare` must have a well-formed key `timeout`\n\
             help: write `timeout = \"5s\"`"],
    );
    check(
        "#[handler(timeout = 5)] fn number(cmd: Pay) {}",
        &["handler `number` must have a well-formed key `timeout`\n\
             help: write `timeout = \"5s\"`"],
    );
    check(
        r#"#[handler(timeout = "5 s")] fn spaced(cmd: Pay) {}"#,
        &[
            "handler `spaced` must have a whole number above 0 and a unit (`ms`, `s`, `m` or `h`) as `timeout`\n\
             help: write `timeout = \"5s\"`",
        ],
    );
    check(
        r#"#[handler(timeout = "0s")] fn zero(cmd: Pay) {}"#,
        &[
            "handler `zero` must have a whole number above 0 and a unit (`ms`, `s`, `m` or `h`) as `timeout`\n\
             help: write `timeout = \"5s\"`",
        ],
    );
    check(
        "#[handler(concurrency = 0)] fn zero(cmd: Pay) {}",
        &["handler `zero` must have a number of at least 1 as `concurrency`\n\
             help: write `concurrency = 8`"],
    );
    check(
        r#"#[handler(concurrency = "8")] fn text(cmd: Pay) {}"#,
        &["handler `text` must have a well-formed key `concurrency`\n\
             help: write `concurrency = 8`"],
    );
    check(
        "#[handler(blocking = true)] fn valued(cmd: Pay) {}",
        &["handler `valued` must have a well-formed key `blocking`\n\
             help: write `blocking`"],
    );
    check(
        "#[handler(blocking)] async fn both(cmd: Pay) {}",
        &["handler `both` must not be both `async` and `blocking`\n\
             help: write `fn` without `async` to run it on a thread that may block, or remove `blocking`"],
    );
    check(
        r#"#[handler(blocking timeout = "5s")] fn no_comma(cmd: Pay) {}"#,
        &["handler `no_comma` must have a comma after the key `blocking`\n\
             help: write `,` before this"],
    );
    check(
        r#"#[handler("5s")] fn text(cmd: Pay) {}"#,
        &["handler `text` must be described with keys\n\
             help: the keys are `timeout`, `concurrency`, `blocking`, `crate`"],
    );
    check(
        r#"#[handler(retries = Map<u8, u8>, jitter, timeout = "5")] fn many(cmd: &mut Pay) {}"#,
        &[
            "handler `many` must not have the key `retries`\n\
             help: the keys are `timeout`, `concurrency`, `blocking`, `crate`",
            "handler `many` must not have the key `jitter`\n\
             help: the keys are `timeout`, `concurrency`, `blocking`, `crate`",
            "handler `many` must have a whole number above 0 and a unit (`ms`, `s`, `m` or `h`) as `timeout`\n\
             help: write `timeout = \"5s\"`",
            "handler `many` must take its message by value or by `&`\n\
             help: write `cmd: Pay`",
        ],
    );
}

#[test]
fn a_guard_has_one_target_and_holds_no_unit_of_work() {
    check(
        "#[guard(all, slice)] fn two(cx: Context) -> Result<()> {}",
        &["guard `two` must have one target\n\
             help: keep one of `all`, `slice`, `family`, `messages`; `all` came first"],
    );
    check(
        "#[guard(family)] fn bare(cx: Context) -> Result<()> {}",
        &["guard `bare` must have a well-formed key `family`\n\
             help: write `family = Marker`"],
    );
    check(
        "#[guard(messages())] fn none(cx: Context) -> Result<()> {}",
        &["guard `none` must have a well-formed key `messages`\n\
             help: write `messages(First, Second)`"],
    );
    check(
        "#[guard(slices)] fn near(cx: Context) -> Result<()> {}",
        &["guard `near` must not have the key `slices`\n\
             help: did you mean `slice`? the keys are `all`, `slice`, `family`, `messages`, `commands`, `queries`, `events`, `order`, `around`, `timeout`, `crate`"],
    );
    check(
        "#[guard(all, order = 3000000000)] fn far(cx: Context) -> Result<()> {}",
        &["guard `far` must have a number that fits an `i32` as `order`\n\
             help: write `order = 3`"],
    );
    check(
        "#[guard] fn writes(cmd: &Pay, tx: &mut Tx<Db>) -> Result<()> {}",
        &["guard `writes` must not borrow `tx` by `&mut`\n\
             note: a guard holds no unit of work: it may run before many functions and commits nothing"],
    );
    check(
        "#[guard(all)] fn silent(cx: Context) {}",
        &["guard `silent` must return a `Result`\n\
             help: write `-> Result<()>`, or `-> Result<T>` to provide a `T`"],
    );
}

#[test]
fn an_around_guard_waits_for_next() {
    check(
        "#[guard(around)] async fn untargeted(next: Next<'_>) -> Result<()> {}",
        &["guard `untargeted` must have a target when it is `around`\n\
             help: add one of `all`, `slice`, `family`, `messages`, `commands`, `queries`, `events` to the attribute"],
    );
    check(
        "#[guard(around, all)] fn blocking(next: Next<'_>) -> Result<()> {}",
        &["guard `blocking` must be `async` when it is `around`\n\
             help: write `async fn`: it waits for `Next`"],
    );
    check(
        "#[guard(around, all)] async fn empty() -> Result<()> {}",
        &["guard `empty` must take `Next` by value as its last parameter\n\
             help: write `next: Next<'_>` last"],
    );
    check(
        "#[guard(around, all)] async fn borrowed(cx: Context, next: &Next<'_>) -> Result<()> {}",
        &["guard `borrowed` must take `Next` by value as its last parameter\n\
             help: write `next: Next<'_>` last"],
    );
}

#[test]
fn a_provider_borrows_and_returns() {
    check(
        "#[provide] fn by_value(config: Config) -> Gateway {}",
        &["provider `by_value` must borrow `config` by `&`\n\
             help: write `config: &Config`: it runs once, at start-up, when there is no message"],
    );
    check(
        "#[provide] fn nothing(config: &Config) {}",
        &["provider `nothing` must return what it provides\n\
             help: write `-> T`, `-> Arc<dyn Trait>`, `-> Box<dyn Trait>` or `-> Result<..>` of one of these"],
    );
}

#[test]
fn a_handlers_block_is_an_inherent_impl_with_methods_for_messages() {
    check(
        "#[handlers] fn function() {}",
        &["`#[handlers]` must stand on an `impl` block\n\
             help: write it above `impl MyType { .. }`, or use `#[handler]` on a function"],
    );
    check(
        "#[handlers] impl Desk { fn plain(&self) {} }",
        &["impl block `Desk` must have a method for a message\n\
             help: put `#[handler]`, `#[listen]` or `#[guard]` on a method, or remove `#[handlers]`"],
    );
    check(
        "#[handlers] impl<T> Desk<T> { #[handler] fn pay(&self, cmd: Pay) {} }",
        &["impl block `Desk<T>` must not be generic\n\
             note: its methods are registered when the program is linked, so every type in them must be known"],
    );
    check(
        "#[handlers] impl Window for Desk { #[handler] fn pay(&self, cmd: Pay) {} }",
        &["impl block `Desk` must be an inherent `impl`\n\
             help: move the methods to an `impl` block without a trait, and call them from the trait's"],
    );
    check(
        "#[handlers] impl Desk { #[handler] fn pay(cmd: Pay) {} }",
        &["handler `Desk::pay` must take `&self`\n\
             help: write `&self` as its first parameter, or move it out of the `impl` block"],
    );
    check(
        "#[handlers] impl Desk { #[handler] fn pay(&mut self, cmd: Pay) {} }",
        &["handler `Desk::pay` must take `&self`\n\
             help: write `&self`: the value is shared by all calls"],
    );
    check(
        "#[handlers] impl Desk { #[handler] fn pay(self, cmd: Pay) {} }",
        &["handler `Desk::pay` must take `&self`\n\
             help: write `&self`: the value is shared by all calls"],
    );
    check(
        "#[handlers] impl Desk { #[provide] fn clock(&self) -> Clock {} }",
        &["provider `clock` must be a free function\n\
             help: move it out of the `impl` block: it runs before there is a `&self`"],
    );
    check(
        "#[handlers] impl Desk { #[handler] #[listen] fn pay(&self, cmd: Pay) {} }",
        &["method `pay` must be one thing: a handler, a listener or a guard\n\
             help: remove this attribute"],
    );
    check(
        "#[handlers] impl Desk { #[handler(retries = 3)] fn pay(&self, cmd: &mut Pay) {} }",
        &[
            "handler `Desk::pay` must not have the key `retries`\n\
             help: the keys are `timeout`, `concurrency`, `blocking`, `crate`",
            "handler `Desk::pay` must take its message by value or by `&`\n\
             help: write `cmd: Pay`",
        ],
    );
    check(
        r#"#[handlers(timeout = "5s")] impl Desk { #[handler] fn pay(&self, cmd: Pay) {} }"#,
        &["impl block `Desk` must not have the key `timeout`\n\
             help: the only key is `crate`"],
    );
}

#[test]
fn a_message_is_one_struct_or_enum() {
    check(
        "#[command] fn function() {}",
        &["`#[command]` must stand on a struct or an enum\n\
             help: write it directly above a struct or an enum"],
    );
    check(
        "#[command] union Bits { a: u8, b: i8 }",
        &["command `Bits` must be a struct or an enum\n\
             help: a union cannot be serialised: write `struct` or `enum`"],
    );
    check(
        "#[event] struct Wrapped<T>(T);",
        &["event `Wrapped` must not be generic\n\
             note: it is known by name when the program is linked, so it must be one type"],
    );
    check(
        "#[data] union Bits { a: u8, b: i8 }",
        &["data `Bits` must be a struct or an enum\n\
             help: a union cannot be serialised: write `struct` or `enum`"],
    );
    check(
        "#[data(strict)] struct Receipt { id: u8 }",
        &["data `Receipt` must not have the key `strict`\n\
             help: the only key is `crate`"],
    );
}

#[test]
fn the_keys_of_a_message_are_checked() {
    check(
        "#[event(reply = Receipt)] struct Paid;",
        &["event `Paid` must not have the key `reply`\n\
             help: the keys are `name`, `version`, `aliases`, `key`, `family`, `local`, `crate`"],
    );
    check(
        r#"#[event(http = "POST /paid")] struct Paid;"#,
        &["event `Paid` must not have the key `http`\n\
             help: the keys are `name`, `version`, `aliases`, `key`, `family`, `local`, `crate`"],
    );
    check(
        "#[command(version = 0)] struct Pay;",
        &["command `Pay` must have a number of at least 1 as `version`\n\
             help: write `version = 2`"],
    );
    check(
        r#"#[command(name = "payment.")] struct Pay;"#,
        &["command `Pay` must have words joined by dots, each beginning with a letter, as `name`\n\
             help: write `name = \"payment.Charge\"`"],
    );
    check(
        "#[command(name = 5)] struct Pay;",
        &["command `Pay` must have a well-formed key `name`\n\
             help: write `name = \"payment.Charge\"`"],
    );
    check(
        "#[command(aliases())] struct Pay;",
        &["command `Pay` must have a well-formed key `aliases`\n\
             help: write `aliases(\"payment.Charge\")`"],
    );
    check(
        r#"#[command(aliases("a b"))] struct Pay;"#,
        &["command `Pay` must have words joined by dots, each beginning with a letter, as `aliases`\n\
             help: write `aliases(\"payment.Charge\")`"],
    );
    check(
        "#[command(key = order)] struct Pay { order_id: u8, amount: u8 }",
        &["command `Pay` must have the field `order` that is its key\n\
             help: the fields are `order_id`, `amount`"],
    );
    check(
        "#[command(key = ordr)] struct Pay { order: u8, amount: u8 }",
        &["command `Pay` must have the field `ordr` that is its key\n\
             help: did you mean `order`? the fields are `order`, `amount`"],
    );
    check(
        "#[command(key = order_id)] enum Pay { Now }",
        &["command `Pay` must have the field `order_id` that is its key\n\
             help: it has no fields: remove the key, or write a struct with a field to order by"],
    );
    check(
        r#"#[command(key = "order_id")] struct Pay { order_id: u8 }"#,
        &["command `Pay` must have a well-formed key `key`\n\
             help: write `key = field`"],
    );
    check(
        "#[command(family(Money, Money))] struct Pay;",
        &["command `Pay` must name the family `Money` once\n\
             help: remove one of the two"],
    );
    check(
        "#[command(reply = )] struct Pay;",
        &["command `Pay` must have a well-formed key `reply`\n\
             help: write `reply = MyReply`"],
    );
}

#[test]
fn an_http_template_is_a_method_and_a_path_of_fields() {
    check(
        r#"#[command(http = "/payments")] struct Pay;"#,
        &["command `Pay` must begin its HTTP template with a method\n\
             help: the methods are `GET`, `POST`, `PUT`, `PATCH`, `DELETE`"],
    );
    check(
        r#"#[command(http = "post /payments")] struct Pay;"#,
        &["command `Pay` must begin its HTTP template with a method\n\
             help: did you mean `POST`? the methods are `GET`, `POST`, `PUT`, `PATCH`, `DELETE`"],
    );
    check(
        r#"#[command(http = "POST payments")] struct Pay;"#,
        &["command `Pay` must have an HTTP path that begins with `/`\n\
             help: write `http = \"POST /payments/{id}\"`"],
    );
    check(
        r#"#[command(http = "POST /payments/{id}")] struct Pay { payment: u8, amount: u8 }"#,
        &["command `Pay` must have a field for the path parameter `{id}`\n\
             help: the fields are `payment`, `amount`"],
    );
    check(
        r#"#[command(http = "POST /payments/{oder_id}")] struct Pay { order_id: u8 }"#,
        &["command `Pay` must have a field for the path parameter `{oder_id}`\n\
             help: did you mean `{order_id}`? the only field is `order_id`"],
    );
    check(
        r#"#[command(http = "POST /payments/{id}")] struct Pay;"#,
        &["command `Pay` must have a field for the path parameter `{id}`\n\
             help: it has no named fields: remove the parameter from the path"],
    );
    check(
        r#"#[command(http = "POST /payments/{id}/{id}")] struct Pay { id: u8 }"#,
        &["command `Pay` must have the path parameter `{id}` once\n\
             help: remove one of the two"],
    );
    check(
        r#"#[command(http = "POST /payments/p-{id}")] struct Pay { id: u8 }"#,
        &["command `Pay` must have a whole segment for a path parameter, not `p-{id}`\n\
             help: write `/{field}/`"],
    );
    check(
        r#"#[command(http = "POST /payments/{*rest}")] struct Pay { rest: u8 }"#,
        &["command `Pay` must name the path parameter `{*rest}` after a field\n\
             help: write `{field}`"],
    );
    check(
        r#"#[command(http = "POST /payments/")] struct Pay;"#,
        &["command `Pay` must have an HTTP path of plain segments, not `/payments/`\n\
             help: write letters, digits, `-`, `_`, `.` or `{field}` between single slashes"],
    );
    check(
        r#"#[command(http = "POST /payments?all")] struct Pay;"#,
        &["command `Pay` must have an HTTP path of plain segments, not `/payments?all`\n\
             help: write letters, digits, `-`, `_`, `.` or `{field}` between single slashes"],
    );
    check(
        r#"#[command(http("POST /payments", status = 99))] struct Pay;"#,
        &["command `Pay` must have a number from 100 to 599 as `status`\n\
             help: write `status = 201`"],
    );
    check(
        r#"#[command(http("POST /payments", location = "payments"))] struct Pay;"#,
        &["command `Pay` must have an HTTP path that begins with `/`\n\
             help: write `http = \"POST /payments/{id}\"`"],
    );
    check(
        r#"#[command(http("POST /payments", code = 201))] struct Pay;"#,
        &["command `Pay` must not have the key `code`\n\
             help: the keys are `status`, `location`"],
    );
    check(
        "#[command(http(status = 201))] struct Pay;",
        &["command `Pay` must have a method and a path as `http`\n\
             help: write `http = \"POST /payments/{id}\"`"],
    );
}

#[test]
fn a_one_of_holds_each_message_once() {
    check(
        "#[one_of] struct Moved;",
        &["one_of `Moved` must be an enum\n\
             help: write `enum` with one variant for each message"],
    );
    check(
        "#[one_of] enum Moved {}",
        &["one_of `Moved` must have a variant\n\
             help: write one variant for each message: `Placed(OrderPlaced)`"],
    );
    check(
        "#[one_of] enum Moved { Settled, Refunded(Refunded) }",
        &["one_of `Moved` must hold exactly one message in `Settled`\n\
             help: write `Settled(TheMessage)`"],
    );
    check(
        "#[one_of] enum Moved { Settled(Settled, u8) }",
        &["one_of `Moved` must hold exactly one message in `Settled`\n\
             help: write `Settled(TheMessage)`"],
    );
    check(
        "#[one_of] enum Moved { Settled { event: Settled } }",
        &["one_of `Moved` must hold exactly one message in `Settled`\n\
             help: write `Settled(TheMessage)`"],
    );
    check(
        "#[one_of] enum Moved { Settled(Settled), Again(Settled) }",
        &["one_of `Moved` must hold each message once\n\
             help: `Settled` already holds it: remove one of the two"],
    );
    check(
        "#[one_of] enum Moved<T> { Settled(T) }",
        &["one_of `Moved` must not be generic\n\
             note: it is known by name when the program is linked, so it must be one type"],
    );
    check(
        "#[one_of] enum Moved { A(A), B(B), C(C), D(D), E(E), F(F), G(G), H(H), I(I), J(J), K(K), L(L), M(M) }",
        &["one_of `Moved` must hold at most 12 messages\n\
             help: split it into two enums with a function each"],
    );
}

#[test]
fn a_config_is_a_struct_below_a_prefix() {
    check(
        "#[config] struct Settings { url: String }",
        &["config `Settings` must have a prefix\n\
             help: write `#[config(prefix = \"payment\")]`: its keys are found below it"],
    );
    check(
        r#"#[config(prefix = "Payment")] struct Settings { url: String }"#,
        &["config `Settings` must have lower-case words joined by dots as `prefix`\n\
             help: write `prefix = \"payment\"`"],
    );
    check(
        r#"#[config(prefix = "payment")] struct Settings(String);"#,
        &["config `Settings` must be a struct with named fields\n\
             help: write `struct` with a named field for each setting"],
    );
    check(
        r#"#[config(prefix = "payment")] enum Settings { On }"#,
        &["config `Settings` must be a struct with named fields\n\
             help: write `struct` with a named field for each setting"],
    );
}

#[test]
fn a_fault_has_a_kind_and_a_code_for_each_way_to_fail() {
    check(
        "#[derive(Fault)] enum PayError { Declined }",
        &["fault `PayError::Declined` must have a kind\n\
             help: add `#[fault(kind = not_found)]`: the kind decides status and retry"],
    );
    check(
        "#[derive(Fault)] enum PayError { #[fault(kind = declined)] Declined }",
        &["fault `PayError::Declined` must have a code\n\
             help: add `#[fault(code = \"slice.word\")]`: callers tell errors apart by it"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(code = "pay.declined")] Declined }"#,
        &["fault `PayError::Declined` must have a kind\n\
             help: add `#[fault(kind = not_found)]`: the kind decides status and retry"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = declined, code = "declined")] Declined }"#,
        &["fault `PayError::Declined` must have at least two lower-case words joined by dots as `code`\n\
             help: write `code = \"slice.word\"`"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = declined, code = "pay.Declined")] Declined }"#,
        &["fault `PayError::Declined` must have at least two lower-case words joined by dots as `code`\n\
             help: write `code = \"slice.word\"`"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = notfound, code = "pay.unknown")] Unknown }"#,
        &["fault `PayError::Unknown` must not have the kind `notfound`\n\
             help: did you mean `not_found`? the kinds are `invalid`, `unauthenticated`, `declined`, `forbidden`, `not_found`, `conflict`, `too_large`, `unprocessable`, `rate_limited`, `internal`, `unavailable`, `timeout`"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = gone, code = "pay.unknown")] Unknown }"#,
        &["fault `PayError::Unknown` must not have the kind `gone`\n\
             help: the kinds are `invalid`, `unauthenticated`, `declined`, `forbidden`, `not_found`, `conflict`, `too_large`, `unprocessable`, `rate_limited`, `internal`, `unavailable`, `timeout`"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = conflict, code = "pay.twice", text = "twice")] Twice }"#,
        &["fault `PayError::Twice` must not have the key `text`\n\
             help: the keys are `kind`, `code`, `message`, `detail`, `transparent`"],
    );
    check(
        "#[derive(Fault)] enum PayError { #[fault] Twice }",
        &["fault `PayError::Twice` must have the keys of `fault` in parentheses\n\
             help: write `#[fault(kind = not_found, code = \"slice.word\")]`"],
    );
    check(
        r#"#[derive(Fault)] #[fault(code = "pay.failed")] enum PayError { #[fault(kind = internal, code = "pay.failed")] Failed }"#,
        &["fault `PayError` must have code, message and detail on its variants\n\
             help: move this to each variant: only `kind` may stand on the enum"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = conflict, code = "pay.failed")] A, #[fault(kind = internal, code = "pay.failed")] B }"#,
        &["fault `PayError` must have one kind for the code `pay.failed`\n\
             help: choose another code: `Self::A` has this one with another kind"],
    );
    check(
        "#[derive(Fault)] enum PayError {}",
        &["fault `PayError` must have a variant\n\
             help: write one variant for each way to fail"],
    );
    check(
        "#[derive(Fault)] union PayError { a: u8 }",
        &["fault `PayError` must be an enum or a struct\n\
             help: write `enum` with one variant for each way to fail"],
    );
    check(
        r#"#[derive(Fault)] #[fault(kind = internal, code = "pay.failed")] struct PayError<T>(T);"#,
        &["fault `PayError` must not be generic\n\
             note: it is registered when the program is linked, so it must be one type"],
    );
}

#[test]
fn a_fault_travels_as_a_whole_and_under_one_name() {
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(wire, kind = declined, code = "pay.declined")] Declined }"#,
        &["fault `PayError::Declined` must not have the key `wire`\n\
             help: the keys are `kind`, `code`, `message`, `detail`, `transparent`"],
    );
    check(
        r#"#[derive(Fault)] #[fault(wire(name), kind = declined, code = "pay.declined")] struct Declined;"#,
        &["fault `Declined` must have a well-formed key `wire`\nhelp: write `wire`"],
    );
    check(
        r#"#[derive(Fault)] #[fault(wire = 7, kind = declined, code = "pay.declined")] struct Declined;"#,
        &["fault `Declined` must have a well-formed key `wire`\nhelp: write `wire = \"slice.Name\"`"],
    );
}

#[test]
fn a_transparent_fault_is_one_other_error() {
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(transparent, code = "pay.store")] Store(Io) }"#,
        &["fault `PayError::Store` must have what its error says of itself and nothing else\n\
             help: remove the other keys, or remove `transparent`"],
    );
    check(
        "#[derive(Fault)] enum PayError { #[fault(transparent)] Store }",
        &["fault `PayError::Store` must have one field, the error\n\
             help: write `Variant(OtherError)`"],
    );
}

#[test]
fn a_fault_speaks_of_its_own_fields() {
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = conflict, code = "pay.twice", message = "order {id}")] Twice { order: u8 } }"#,
        &["fault `PayError::Twice` must have a field for `{id}` in its text\n\
             help: the only field is `order`"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = conflict, code = "pay.twice", message = "order {oder}")] Twice { order: u8 } }"#,
        &["fault `PayError::Twice` must have a field for `{oder}` in its text\n\
             help: did you mean `{order}`? the only field is `order`"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = conflict, code = "pay.twice", detail = "order {0}")] Twice }"#,
        &["fault `PayError::Twice` must have a field for `{0}` in its text\n\
             help: there are no fields: write `{{` and `}}` for the braces themselves"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = conflict, code = "pay.twice", message = "order {}")] Twice(u8) }"#,
        &["fault `PayError::Twice` must have a field for `{}` in its text\n\
             help: the only field is `0`"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = conflict, code = "pay.twice", message = "order {0")] Twice(u8) }"#,
        &["fault `PayError::Twice` must close every brace in its text\n\
             help: write `{field}` for a field, `{{` and `}}` for the braces themselves"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = conflict, code = "pay.a", message = "a")] A, #[fault(kind = internal, code = "pay.b")] B }"#,
        &["fault `PayError` must have a message on every variant or on none\n\
             help: add `message = \"..\"` here, or remove it from `Self::A` and write `Display` yourself"],
    );
    check(
        r#"#[derive(Fault)] enum PayError { #[fault(kind = conflict, code = "pay.a", message = "a")] A(#[source] Io, #[source] Io) }"#,
        &["fault `PayError::A` must have one cause\n\
             help: remove this `#[source]`"],
    );
}
