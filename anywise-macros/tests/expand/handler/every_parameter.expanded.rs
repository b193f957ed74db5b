#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    reason = "the form of a parameter says where its value comes from"
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
        fn handle<'a>(
            &'a self,
            mut scope: ::anywise::__private::Scope<'a>,
            message: CreatePayment,
        ) -> ::anywise::__private::Call<
            'a,
            ::anywise::__private::ReplyOf<CreatePayment>,
        > {
            ::anywise::__private::Call::future(async move {
                let arg1 = ::anywise::__private::take::<Provided<User>>(&mut scope)?;
                let mut arg3 = ::anywise::__private::begin::<Tx<Sqlite>>(&mut scope)?;
                let mut arg4 = ::anywise::__private::begin::<
                    Events<(PaymentSettled, PaymentDeclined)>,
                >(&mut scope)?;
                let output = create_payment(
                        message,
                        arg1,
                        self.0.get(),
                        &mut arg3,
                        &mut arg4,
                    )
                    .await;
                let reply = ::anywise::__private::reply::<
                    CreatePayment,
                    Result<Receipt, PaymentError>,
                >(output)?;
                ::anywise::__private::finish(arg3, &mut scope)?;
                ::anywise::__private::finish(arg4, &mut scope)?;
                ::anywise::__private::commit(&mut scope).await?;
                ::core::result::Result::Ok(reply)
            })
        }
    }
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives_request::<CreatePayment>();
        wiring.takes::<Provided<User>>("user");
        let d0 = wiring.needs::<dyn Gateway>("gateway");
        wiring.writes::<CreatePayment, Tx<Sqlite>>("tx");
        wiring
            .writes::<
                CreatePayment,
                Events<(PaymentSettled, PaymentDeclined)>,
            >("events");
        wiring.returns::<CreatePayment, Result<Receipt, PaymentError>>();
        ::core::option::Option::Some(::anywise::__private::Bound::handler(__Bound(d0?)))
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("create_payment",
        ::core::module_path!(), ::anywise::__private::Site::new(::core::file!(),
        ::core::line!()), __wire).docs("Charge a customer.").timeout_ms(5000)
        .concurrency(8)
    }
};
