#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    reason = "the form of a parameter says where its value comes from"
)]
fn nothing(_: Nothing) {}
const _: () = {
    struct __Bound;
    impl ::anywise::__private::Handle for __Bound {
        type Input = Nothing;
        fn handle<'a>(
            &'a self,
            scope: ::anywise::__private::Scope<'a>,
            message: Nothing,
        ) -> ::anywise::__private::Call<'a, ::anywise::__private::ReplyOf<Nothing>> {
            ::anywise::__private::Call::ready(
                (|| -> ::anywise::__private::Result<
                    ::anywise::__private::ReplyOf<Nothing>,
                > {
                    let output = nothing(message);
                    ::anywise::__private::reply::<Nothing, ()>(output)
                })(),
            )
        }
    }
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives_request::<Nothing>();
        wiring.returns::<Nothing, ()>();
        ::core::option::Option::Some(::anywise::__private::Bound::handler(__Bound))
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("nothing", ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()), __wire)
    }
};
