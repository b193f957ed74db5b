#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
/// Charge a customer.
async fn create_payment(
    cmd: CreatePayment,
    user: Provided<User>,
    gateway: &dyn Gateway,
    tx: &mut Tx<Sqlite>,
    events: &mut Events<(PaymentSettled, PaymentDeclined)>,
) -> Result<Receipt, PaymentError> {
    body()
}
const _: () = {
    struct __Bound(::anywise::__private::Dep<dyn Gateway>);
    impl ::anywise::__private::RunHandler for __Bound {
        type Input = CreatePayment;
        type Reply = ::anywise::__private::ReplyOf<CreatePayment>;
        type Output = Result<Receipt, PaymentError>;
        type Values = (Provided<User>, ());
        type Units = (Tx<Sqlite>, (Events<(PaymentSettled, PaymentDeclined)>, ()));
        #[inline]
        fn run<'a>(
            &'a self,
            message: CreatePayment,
            (arg1, ()): Self::Values,
            (arg3, (arg4, ())): &'a mut Self::Units,
        ) -> impl ::core::future::Future<
            Output = Self::Output,
        > + ::core::marker::Send + 'a {
            create_payment(message, arg1, self.0.get(), arg3, arg4)
        }
        #[inline]
        fn reply(output: Self::Output) -> ::anywise::__private::Result<Self::Reply> {
            <Result<
                Receipt,
                PaymentError,
            > as ::anywise::__private::IntoReply<
                ::anywise::__private::ReplyOf<CreatePayment>,
            >>::into_reply(output)
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<CreatePayment as ::anywise::__private::RequestInput>::MESSAGES);
        let arg1 = wiring
            .taken(
                "user",
                ::anywise::__private::TypeInfo::of::<Provided<User>>,
                <Provided<User> as ::anywise::__private::FromContext>::demand,
                <Provided<User> as ::anywise::__private::FromContext>::from_context,
            );
        let d0 = wiring.needs::<dyn Gateway>("gateway");
        wiring.writable::<CreatePayment>();
        let arg3 = wiring
            .held(
                "tx",
                ::anywise::__private::TypeInfo::of::<Tx<Sqlite>>,
                <Tx<Sqlite> as ::anywise::__private::UnitOfWork>::demand,
                <Tx<Sqlite> as ::anywise::__private::UnitOfWork>::begin,
                <Tx<Sqlite> as ::anywise::__private::UnitOfWork>::finish,
            );
        wiring.writable::<CreatePayment>();
        let arg4 = wiring
            .held(
                "events",
                ::anywise::__private::TypeInfo::of::<
                    Events<(PaymentSettled, PaymentDeclined)>,
                >,
                <Events<
                    (PaymentSettled, PaymentDeclined),
                > as ::anywise::__private::UnitOfWork>::demand,
                <Events<
                    (PaymentSettled, PaymentDeclined),
                > as ::anywise::__private::UnitOfWork>::begin,
                <Events<
                    (PaymentSettled, PaymentDeclined),
                > as ::anywise::__private::UnitOfWork>::finish,
            );
        wiring
            .fails(
                <Result<
                    Receipt,
                    PaymentError,
                > as ::anywise::__private::IntoReply<
                    ::anywise::__private::ReplyOf<CreatePayment>,
                >>::DECLARED,
            );
        ::core::option::Option::Some(
            ::anywise::__private::Bound::run_handler(
                __Bound(d0?),
                (arg1, ()),
                (arg3, (arg4, ())),
                <CreatePayment as ::anywise::__private::RequestInput>::waits,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("create_payment",
        ::core::module_path!(), ::anywise::__private::Site::new(::core::file!(),
        ::core::line!()), __wire).docs("Charge a customer.").timeout_ms(5000)
        .concurrency(8)
    }
};
