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
    impl ::anywise::__private::Handle for __Bound {
        type Input = CreatePayment;
        type Reply = ::anywise::__private::ReplyOf<CreatePayment>;
        fn handle<'a>(
            &'a self,
            mut scope: ::anywise::__private::Scope<'a>,
            message: CreatePayment,
        ) -> ::anywise::__private::BoxFuture<
            'a,
            ::anywise::__private::Result<Self::Reply>,
        > {
            let room = ::anywise::__private::room();
            ::anywise::__private::call(
                room,
                async move {
                    if scope.is_guarded() {
                        ::anywise::__private::pass(&mut scope, &message).await?;
                    }
                    let arg1 = <Provided<
                        User,
                    > as ::anywise::__private::FromContext>::from_context(&mut scope)?;
                    let mut arg3 = <Tx<
                        Sqlite,
                    > as ::anywise::__private::UnitOfWork>::begin(&mut scope)?;
                    let mut arg4 = <Events<
                        (PaymentSettled, PaymentDeclined),
                    > as ::anywise::__private::UnitOfWork>::begin(&mut scope)?;
                    let output = create_payment(
                            message,
                            arg1,
                            self.0.get(),
                            &mut arg3,
                            &mut arg4,
                        )
                        .await;
                    let reply = <Result<
                        Receipt,
                        PaymentError,
                    > as ::anywise::__private::IntoReply<
                        ::anywise::__private::ReplyOf<CreatePayment>,
                    >>::into_reply(output)?;
                    <Tx<
                        Sqlite,
                    > as ::anywise::__private::UnitOfWork>::finish(
                        arg3,
                        ::anywise::__private::work(&mut scope),
                    )?;
                    <Events<
                        (PaymentSettled, PaymentDeclined),
                    > as ::anywise::__private::UnitOfWork>::finish(
                        arg4,
                        ::anywise::__private::work(&mut scope),
                    )?;
                    ::anywise::__private::commit(&mut scope, &reply).await?;
                    scope.close();
                    ::core::result::Result::Ok(reply)
                },
            )
        }
    }
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<CreatePayment as ::anywise::__private::RequestInput>::messages);
        wiring
            .takes(
                "user",
                ::anywise::__private::TypeInfo::of::<Provided<User>>,
                <Provided<User> as ::anywise::__private::FromContext>::demand,
            );
        let d0 = wiring.needs::<dyn Gateway>("gateway");
        wiring.writable::<CreatePayment>();
        wiring
            .writes(
                "tx",
                ::anywise::__private::TypeInfo::of::<Tx<Sqlite>>,
                <Tx<Sqlite> as ::anywise::__private::UnitOfWork>::demand,
            );
        wiring.writable::<CreatePayment>();
        wiring
            .writes(
                "events",
                ::anywise::__private::TypeInfo::of::<
                    Events<(PaymentSettled, PaymentDeclined)>,
                >,
                <Events<
                    (PaymentSettled, PaymentDeclined),
                > as ::anywise::__private::UnitOfWork>::demand,
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
            ::anywise::__private::Bound::handler(
                __Bound(d0?),
                <CreatePayment as ::anywise::__private::RequestInput>::install,
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
