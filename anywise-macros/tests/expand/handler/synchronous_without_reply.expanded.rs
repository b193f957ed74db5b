#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
fn nothing(_: Nothing) {}
const _: () = {
    struct __Bound;
    impl ::anywise::__private::HandleNow for __Bound {
        type Input = Nothing;
        type Reply = ::anywise::__private::ReplyOf<Nothing>;
        fn handle(
            &self,
            scope: &mut ::anywise::__private::Scope<'_>,
            message: Nothing,
        ) -> ::anywise::__private::Result<Self::Reply> {
            let output = nothing(message);
            <() as ::anywise::__private::IntoReply<
                ::anywise::__private::ReplyOf<Nothing>,
            >>::into_reply(output)
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<Nothing as ::anywise::__private::RequestInput>::MESSAGES);
        wiring
            .fails(
                <() as ::anywise::__private::IntoReply<
                    ::anywise::__private::ReplyOf<Nothing>,
                >>::DECLARED,
            );
        ::core::option::Option::Some(
            ::anywise::__private::Bound::handler_now(
                __Bound,
                <Nothing as ::anywise::__private::RequestInput>::now,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("nothing", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
